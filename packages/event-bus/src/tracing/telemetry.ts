/**
 * What the bus tells OpenTelemetry, as the publisher and the engine see it: start a span, count a thing. Names are in `names.ts`, how context
 * travels in `propagation.ts`.
 */
import type { Context, SpanContext } from '@opentelemetry/api'
import type { CommitOutcome, RawHeader, RawRecord } from '../driver.ts'
import type { OutageReason } from '../failing/outage-watch.ts'

export interface AttemptInfo {
  readonly topic: string
  readonly partition: number
  readonly recordOffset: bigint
  readonly group: string
  readonly clientId: string
  /** Null while the record is not decoded, or when it cannot be. */
  readonly eventType: string | null
  readonly eventId: string | null
  /** From 1. */
  readonly attempt: number
  /** Its headers are looked at when somebody wants to know. */
  readonly record: Pick<RawRecord, 'headers' | 'visitHeaders'>
  /** The trace id in the message body, which wins over the headers; null when the record could not be decoded. */
  readonly traceId: string | null
}

export interface BatchInfo {
  readonly topic: string
  readonly partition: number
  readonly group: string
  readonly clientId: string
  readonly eventType: string
  /** Of each record, in order. */
  readonly headers: readonly (readonly RawHeader[])[]
}

/** One attempt to handle a record: its span, or nothing but its context when no SDK is registered. */
export interface AttemptSpan {
  /** What `ctx.publish` and the write of a departure continue. */
  readonly context: Context
  /** W3C trace id, 32 lower-case hex digits; always valid. */
  readonly traceId: string
  /** Calls `fn` with the attempt's context active. */
  run<T>(fn: () => T): T
  /** Notes why the attempt failed. Any thrown value will do. */
  fail(error: unknown): void
  /** Idempotent. */
  end(): void
}

export interface DepartureInfo {
  /** The dead-letter or retry topic. */
  readonly topic: string
  readonly clientId: string
  readonly eventId: string | null
  /** Of a dead letter; null for a retry. */
  readonly reason: string | null
  /** The context of the last attempt. */
  readonly context: Context
}

/** The write of a record to a dead-letter or retry topic. `traceparent` belongs into its `tributary.traceparent` header. */
export interface DepartureSpan {
  readonly traceparent: Buffer
  fail(error: unknown): void
  end(): void
}

/** How an attempt ended. `fenced`: it lost its partition, or its deadline passed, before it settled. */
export type AttemptOutcome = 'succeeded' | 'failed' | 'timed-out' | 'fenced'

export type Settlement = 'acked' | 'skipped' | 'retried' | 'dead-lettered' | 'expired'

/** What is true of a partition at the time of a scrape. */
export interface PartitionReading {
  readonly topic: string
  readonly partition: number
  /** Records between the committed offset and the end of the log. */
  readonly lag: number
  /** Milliseconds since the oldest unsettled record was received; 0 when there is none. */
  readonly oldestUnsettledMs: number
  readonly inFlight: number
  /** Records that wait behind slow keys and are kept as offsets. */
  readonly parked: number
}

/** What is true of an event type that is watched for outages, at the time of a scrape. */
export interface OutageReading {
  readonly topic: string
  readonly eventType: string
  /** Null while its records are not held. */
  readonly openReason: OutageReason | null
  readonly held: number
  readonly permits: number
  readonly maxPermits: number
  readonly maxHoldMs: number
}

export interface SubscriptionLabels {
  readonly group: string
  readonly clientId: string
  /** What is read from the start. */
  readonly topics: readonly string[]
}

/** Counters of one subscription, bound to its group. */
export interface SubscriptionMetrics {
  /** A topic is read from now on: every counter starts at 0 for it, so that `increase()` sees the first rise. */
  opened(topic: string): void
  consumed(topic: string, count: number): void
  /** One attempt ended after `durationMs` milliseconds; `errorType` is the code or class of what it threw. */
  attempted(topic: string, eventType: string, outcome: AttemptOutcome, durationMs: number, errorType?: string): void
  /** One attempt at a batch ended: its duration is recorded once, each of its records counts as an attempt. */
  batchAttempted(
    topic: string,
    eventType: string,
    outcomes: readonly AttemptOutcome[],
    durationMs: number,
    errorType?: string,
  ): void
  abandoned(topic: string): void
  settled(topic: string, settlement: Settlement, count: number): void
  /** Retention removed so many offsets before they were read. */
  expiredUnread(topic: string, offsets: number): void
  deadLettered(topic: string, reason: string): void
  /** The attempt of a record in a retry topic began `latenessMs` milliseconds after it was due. */
  retryStarted(topic: string, latenessMs: number): void
  unknownType(topic: string): void
  headerMismatch(topic: string): void
  committed(topic: string, outcome: CommitOutcome): void
  /** `read` is called at each collection for lag, age and records in flight. Returns how to stop. */
  observe(read: () => Iterable<PartitionReading>): () => void
  /** Answers how to count outages of an event type; both reasons start at 0. */
  outages(topic: string, eventType: string): (reason: OutageReason) => void
  /** As `observe`, for event types that are watched. */
  observeOutages(read: () => Iterable<OutageReading>): () => void
}

export interface Telemetry {
  /** Starts a `process <topic>` span for one attempt. */
  startAttempt(info: AttemptInfo): AttemptSpan
  /** Starts a `process <topic>` span for an attempt at a batch: a trace of its own, linked to the creation context of each record. */
  startBatch(info: BatchInfo): AttemptSpan
  /** A record of a batch: no span, but the context of its own trace for what it causes. */
  attemptInBatch(info: AttemptInfo): AttemptSpan
  /** Starts a `send <dead-letter or retry topic>` span below the last attempt. */
  startDeparture(info: DepartureInfo): DepartureSpan
  subscriptionMetrics(labels: SubscriptionLabels): SubscriptionMetrics
}

/** A `send <topic>` span, or the context that stands for it. */
export interface SendSpan {
  /** The creation context of what is sent; always valid. */
  readonly spanContext: SpanContext
  /** False where nobody is told of failure and end: the span need not be kept until then. */
  readonly isTraced: boolean
  fail(error: unknown): void
  /** Idempotent. */
  end(): void
}

/** Counters of one publisher. */
export interface PublisherMetrics {
  /** The first event for this topic is on its way. */
  opened(topic: string): void
  /** A batch of `count` records was acknowledged, or failed with `errorType`, after `durationMs` milliseconds. */
  sent(topic: string, count: number, durationMs: number, errorType?: string): void
}

/** What the publisher needs. */
export interface PublisherTelemetry {
  /** Starts a `send <topic>` span for a call that publishes `count` events. */
  startSend(topic: string, clientId: string, context: Context, count: number): SendSpan
  /** Starts the `send <topic>` span of an event that was encoded earlier; null when nothing would record it. */
  startRelay(topic: string, clientId: string, created: SpanContext | null): SendSpan | null
  publisherMetrics(clientId: string): PublisherMetrics
}
