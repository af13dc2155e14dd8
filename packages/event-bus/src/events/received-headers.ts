import type { RawHeader } from '../driver.ts'
import { headerNames } from './header-names.ts'

/** The headers of a record that decoding looks at, found in one pass. Null where a header is missing or has no value. */
export interface ReceivedHeaders {
  contentType: string | null
  /** The content type says that the whole CloudEvent is in the value. */
  isStructured: boolean
  type: string | null
  id: string | null
  source: string | null
  time: string | null
  subject: string | null
  causationId: string | null
  correlationId: string | null
  /** Of the trace that the event was created in. */
  traceId: string | null
  valueSchemaId: Buffer | null
}

const STRUCTURED = /^application\/cloudevents/i
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-/

/** Of repeated headers the first counts: whoever relays a record appends. Bytes that are not UTF-8 come out as replacement characters. */
export function readHeaders(headers: readonly RawHeader[]): ReceivedHeaders {
  const found: ReceivedHeaders = {
    contentType: null,
    isStructured: false,
    type: null,
    id: null,
    source: null,
    time: null,
    subject: null,
    causationId: null,
    correlationId: null,
    traceId: null,
    valueSchemaId: null,
  }
  let traceparent: string | null = null
  let startingTraceparent: string | null = null
  for (const [name, value] of headers) {
    if (value === null) continue
    switch (name) {
      case headerNames.contentType:
        found.contentType ??= text(value)
        break
      case headerNames.type:
        found.type ??= text(value)
        break
      case headerNames.id:
        found.id ??= text(value)
        break
      case headerNames.source:
        found.source ??= text(value)
        break
      case headerNames.time:
        found.time ??= text(value)
        break
      case headerNames.subject:
        found.subject ??= text(value)
        break
      case headerNames.causationId:
        found.causationId ??= text(value)
        break
      case headerNames.correlationId:
        found.correlationId ??= text(value)
        break
      case headerNames.traceparent:
        traceparent ??= text(value)
        break
      case headerNames.startingTraceparent:
        startingTraceparent ??= text(value)
        break
      case headerNames.valueSchemaId:
        found.valueSchemaId ??= value
        break
    }
  }
  found.isStructured = found.contentType !== null && STRUCTURED.test(found.contentType)
  found.traceId = TRACEPARENT.exec(startingTraceparent ?? traceparent ?? '')?.[1] ?? null
  return found
}

function text(value: Buffer): string {
  return value.toString('utf8')
}
