/** Record headers of an event: CloudEvents 1.0 in binary mode for Kafka, and W3C trace context. */
import type { OutgoingHeader, RawHeader } from '../driver.ts'
import { headerNames } from './header-names.ts'

/**
 * What the headers of all events of a call have in common. Times and ids are repeated from the body, so that infrastructure can route without
 * decoding it.
 */
export interface CallHeaders {
  /** From `typeHeader`: encoded once for each event type. */
  readonly type: RawHeader
  readonly source: string
  readonly timestamp: Date
  /** `traceparent`, and what goes with it. */
  readonly trace?: readonly OutgoingHeader[]
  readonly causationId?: string | null
  readonly correlationId?: string | null
}

/** As the examples of the CloudEvents Kafka binding have it. Which schema, and its framing, the value says itself. */
export const AVRO_CONTENT_TYPE = 'application/avro'

const CONTENT_TYPE = textHeader(headerNames.contentType, AVRO_CONTENT_TYPE)
const SPEC_VERSION = textHeader(headerNames.specVersion, '1.0')

export function typeHeader(type: string): RawHeader {
  return textHeader(headerNames.type, type)
}

// A process publishes as one source nearly always, and often within one millisecond.
let lastSource = ''
let lastSourceHeader: OutgoingHeader = [headerNames.source, '']
let lastTime = Number.NaN
let lastTimeHeader: OutgoingHeader = [headerNames.time, '']
let lastCommon: OutgoingHeader[] = []

/** The headers that all events of a call share, as the same objects: an encoder that knows them again need not encode them again. */
export function callHeaders(call: CallHeaders): OutgoingHeader[] {
  const { type, source, timestamp, trace = [] } = call
  const headers = commonHeaders(type, sourceHeader(source), timeHeader(timestamp)).concat(trace)
  addText(headers, headerNames.causationId, call.causationId)
  addText(headers, headerNames.correlationId, call.correlationId)
  return headers
}

/** The headers of one event: those of its call, and its own behind them. */
export function eventHeaders(
  shared: readonly OutgoingHeader[],
  id: string,
  subject: string | null = null,
): OutgoingHeader[] {
  const hasSubject = subject !== null && subject !== ''
  // Of its final length: an array that grows by one makes room for sixteen more, and these are kept until the acknowledgement.
  const headers = new Array<OutgoingHeader>(shared.length + (hasSubject ? 2 : 1))
  let place = 0
  for (const header of shared) headers[place++] = header
  headers[place++] = [headerNames.id, id]
  if (hasSubject) headers[place] = [headerNames.subject, subject]
  return headers
}

/** Not to be changed: the next call may have the same. */
function commonHeaders(type: OutgoingHeader, source: OutgoingHeader, time: OutgoingHeader): OutgoingHeader[] {
  if (type !== lastCommon[2] || source !== lastCommon[3] || time !== lastCommon[4]) {
    lastCommon = [CONTENT_TYPE, SPEC_VERSION, type, source, time]
  }
  return lastCommon
}

function sourceHeader(source: string): OutgoingHeader {
  if (source !== lastSource) {
    lastSource = source
    lastSourceHeader = [headerNames.source, source]
  }
  return lastSourceHeader
}

/** `2026-01-02T03:04:05.678Z`. */
function timeHeader(timestamp: Date): OutgoingHeader {
  const time = timestamp.getTime()
  if (time !== lastTime) {
    lastTimeHeader = [headerNames.time, timestamp.toISOString()]
    lastTime = time
  }
  return lastTimeHeader
}

export function textHeader(name: string, text: string): RawHeader {
  return [name, encoded(text)]
}

/** The first value of a header, where it is repeated: whoever relays a record appends. Null when there is none or it has no value. */
export function headerValue(headers: readonly RawHeader[], name: string): Buffer | null {
  for (const header of headers) if (header[0] === name) return header[1]
  return null
}

/** `headerValue` as UTF-8 text. */
export function headerText(headers: readonly RawHeader[], name: string): string | null {
  return headerValue(headers, name)?.toString('utf8') ?? null
}

function addText(headers: OutgoingHeader[], name: string, text: string | null | undefined): void {
  if (text !== null && text !== undefined && text !== '') headers.push([name, text])
}

/** In UTF-8. Most headers are short and ASCII, and then a loop is faster than the call into Node. */
function encoded(text: string): Buffer {
  const { length } = text
  if (length > 100) return Buffer.from(text, 'utf8')
  const bytes = Buffer.allocUnsafe(length)
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return Buffer.from(text, 'utf8')
    bytes[i] = code
  }
  return bytes
}
