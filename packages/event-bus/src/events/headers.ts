/** Record headers of an event: CloudEvents 1.0 in binary mode for Kafka, and W3C trace context. */
import type { RawHeader } from '../driver.ts'
import { headerNames } from './header-names.ts'

/** What an event's headers say. Times and ids are repeated from the body, so that infrastructure can route without decoding it. */
export interface EventHeaders {
  readonly id: string
  /** From `typeHeader`: encoded once for each event type. */
  readonly type: RawHeader
  readonly source: string
  readonly timestamp: Date
  readonly subject?: string | null
  readonly causationId?: string | null
  readonly correlationId?: string | null
  /** URI of the schema, where a registry has one. */
  readonly dataSchema?: string | null
  readonly traceparent?: string | null
  readonly tracestate?: string | null
  readonly baggage?: string | null
  /** Only where it differs from `traceparent`. */
  readonly startingTraceparent?: string | null
}

/** As the examples of the CloudEvents Kafka binding have it. Which schema, and its framing, the value says itself. */
export const AVRO_CONTENT_TYPE = 'application/avro'

const CONTENT_TYPE = textHeader(headerNames.contentType, AVRO_CONTENT_TYPE)
const SPEC_VERSION = textHeader(headerNames.specVersion, '1.0')

export function typeHeader(type: string): RawHeader {
  return textHeader(headerNames.type, type)
}

// A process publishes as one source nearly always.
let lastSource = ''
let lastSourceHeader = textHeader(headerNames.source, '')

export function eventHeaders(event: EventHeaders): RawHeader[] {
  if (event.source !== lastSource) {
    lastSource = event.source
    lastSourceHeader = textHeader(headerNames.source, event.source)
  }
  const headers: RawHeader[] = [
    CONTENT_TYPE,
    SPEC_VERSION,
    [headerNames.id, encoded(event.id)],
    event.type,
    lastSourceHeader,
    [headerNames.time, encodedTime(event.timestamp)],
  ]
  addText(headers, headerNames.traceparent, event.traceparent)
  addText(headers, headerNames.tracestate, event.tracestate)
  addText(headers, headerNames.baggage, event.baggage)
  addText(headers, headerNames.startingTraceparent, event.startingTraceparent)
  addText(headers, headerNames.causationId, event.causationId)
  addText(headers, headerNames.correlationId, event.correlationId)
  addText(headers, headerNames.subject, event.subject)
  addText(headers, headerNames.dataSchema, event.dataSchema)
  return headers
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

function addText(headers: RawHeader[], name: string, text: string | null | undefined): void {
  if (text !== null && text !== undefined && text !== '') headers.push(textHeader(name, text))
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

const DIGIT_ZERO = 0x30

// Events of one second share all but the last digits of their time.
let lastSecond = Number.NaN
let lastTime = Buffer.alloc(0)

/** `2026-01-02T03:04:05.678Z`. */
function encodedTime(timestamp: Date): Buffer {
  const time = timestamp.getTime()
  const second = Math.floor(time / 1000)
  if (second !== lastSecond) {
    lastTime = Buffer.from(timestamp.toISOString(), 'latin1')
    lastSecond = second
  }
  const bytes = Buffer.allocUnsafe(lastTime.length)
  bytes.set(lastTime)
  const millis = time - second * 1000
  const end = bytes.length - 1
  bytes[end - 3] = DIGIT_ZERO + Math.floor(millis / 100)
  bytes[end - 2] = DIGIT_ZERO + (Math.floor(millis / 10) % 10)
  bytes[end - 1] = DIGIT_ZERO + (millis % 10)
  return bytes
}
