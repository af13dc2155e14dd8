/**
 * The headers of a record that decoding looks at. They stay bytes: most are only compared with what the body says, and making a string costs more than
 * that.
 */
import type { RawHeader } from '../driver.ts'
import { headerNames } from './header-names.ts'
import { AVRO_CONTENT_TYPE } from './headers.ts'

/** Null where a header is missing or has no value. */
export interface ReceivedHeaders {
  contentType: Buffer | null
  type: Buffer | null
  id: Buffer | null
  source: Buffer | null
  time: Buffer | null
  subject: Buffer | null
  causationId: Buffer | null
  correlationId: Buffer | null
  traceparent: Buffer | null
  startingTraceparent: Buffer | null
  valueSchemaId: Buffer | null
}

/** Of repeated headers the first counts: whoever relays a record appends. */
export function readHeaders(headers: readonly RawHeader[]): ReceivedHeaders {
  const found: ReceivedHeaders = {
    contentType: null,
    type: null,
    id: null,
    source: null,
    time: null,
    subject: null,
    causationId: null,
    correlationId: null,
    traceparent: null,
    startingTraceparent: null,
    valueSchemaId: null,
  }
  // Names come fresh from the wire, without a hash: comparing them is cheaper than looking them up.
  for (const [name, value] of headers) {
    switch (name) {
      case headerNames.contentType:
        found.contentType ??= value
        break
      case headerNames.type:
        found.type ??= value
        break
      case headerNames.id:
        found.id ??= value
        break
      case headerNames.source:
        found.source ??= value
        break
      case headerNames.time:
        found.time ??= value
        break
      case headerNames.subject:
        found.subject ??= value
        break
      case headerNames.causationId:
        found.causationId ??= value
        break
      case headerNames.correlationId:
        found.correlationId ??= value
        break
      case headerNames.traceparent:
        found.traceparent ??= value
        break
      case headerNames.startingTraceparent:
        found.startingTraceparent ??= value
        break
      case headerNames.valueSchemaId:
        found.valueSchemaId ??= value
        break
    }
  }
  return found
}

/** Bytes that are not UTF-8 come out as replacement characters. */
export function textOf(header: Buffer | null): string | null {
  return header === null ? null : header.toString('utf8')
}

/** Whether the content type says that the whole CloudEvent is in the value. */
export function isStructured({ contentType }: ReceivedHeaders): boolean {
  if (contentType === null || isText(contentType, AVRO_CONTENT_TYPE)) return false
  return /^application\/cloudevents/i.test(contentType.toString('utf8'))
}

/** Whether a header, if it is there, says this. */
export function agrees(header: Buffer | null, text: string): boolean {
  return header === null || isText(header, text)
}

/** Whether the time in a header, if it is there, is this one, in whatever precision and zone it is written. */
export function agreesOnTime(header: Buffer | null, time: Date): boolean {
  if (header === null) return true
  const millis = millisFromOwnFormat(header)
  return (millis ?? Date.parse(header.toString('utf8'))) === time.getTime()
}

const DASH = 0x2d
const TRACE_ID_START = 3
const TRACE_ID_END = 35

/** Whether the trace that the event started in, if headers tell it, is this one. */
export function agreesOnTrace({ startingTraceparent, traceparent }: ReceivedHeaders, traceId: string): boolean {
  const header = startingTraceparent ?? traceparent
  if (header === null || header[TRACE_ID_START - 1] !== DASH || header[TRACE_ID_END] !== DASH) return true
  return isText(header, traceId, TRACE_ID_START, TRACE_ID_END)
}

/** Whether bytes are a text in UTF-8. */
export function isText(bytes: Buffer, text: string, start = 0, end: number = bytes.length): boolean {
  const { length } = text
  if (end - start < length) return false
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return bytes.toString('utf8', start, end) === text
    if (code !== bytes[start + i]) return false
  }
  return end - start === length
}

/** Of `2026-01-02T03:04:05.678Z`, as publishers here write it; null for anything else. */
function millisFromOwnFormat(bytes: Buffer): number | null {
  if (bytes.length !== 24 || bytes[4] !== DASH || bytes[23] !== 0x5a) return null
  const millis = Date.UTC(
    number(bytes, 0, 4),
    number(bytes, 5, 2) - 1,
    number(bytes, 8, 2),
    number(bytes, 11, 2),
    number(bytes, 14, 2),
    number(bytes, 17, 2),
    number(bytes, 20, 3),
  )
  return Number.isNaN(millis) ? null : millis
}

/** NaN where there are other characters than digits. */
function number(bytes: Buffer, start: number, digits: number): number {
  let value = 0
  for (let i = start; i < start + digits; i++) {
    const digit = (bytes[i] ?? 0) - 0x30
    if (digit < 0 || digit > 9) return Number.NaN
    value = value * 10 + digit
  }
  return value
}
