import type { TopicPartition } from '../driver.ts'

/** An event as a handler sees it: the domain's data and what the framework knows about it. */
export interface EventEnvelope<Type extends string = string, Data = unknown> {
  /** Unique within `source`; the key of an inbox. Kept by retries and redrives. */
  readonly id: string
  readonly type: Type
  /** The service that published it. */
  readonly source: string
  /** When it was published. */
  readonly timestamp: Date
  /** W3C trace id, 32 lower-case hex digits, as in the message body. */
  readonly traceId: string
  /** The event whose handling published this one. */
  readonly causationId: string | null
  /** The conversation it belongs to, as the publisher named it. */
  readonly correlationId: string | null
  readonly subject: string | null
  /** The partition key as text; null when the record has none. */
  readonly key: string | null
  readonly data: Data
  /** Where it lies on the log. */
  readonly origin: EventOrigin
}

export interface EventOrigin extends TopicPartition {
  readonly recordOffset: bigint
}
