import type { Context } from '@opentelemetry/api'
import type { RawHeader } from '../driver.ts'
import type { AnyEventDefinition, EventInput } from '../events/define-event.ts'

/** What may be said about one event, or about each event of a call. */
export interface PublishOptions {
  /**
   * The event's id. Give one that is derived from its cause when publishing may be repeated: inboxes downstream then see one event.
   *
   * @defaultValue a new UUIDv7
   */
  readonly id?: string
  /** @defaultValue now */
  readonly timestamp?: Date
  /** The conversation the event belongs to, for example an order's id. */
  readonly correlationId?: string
  /** The id of the event that caused this one. `ctx.publish` in a handler sets it. */
  readonly causationId?: string
  /** What the event is about, in CloudEvents' words. */
  readonly subject?: string
  /**
   * Gives up after this many milliseconds, counted from the call; waiting for room in the buffer is part of it.
   *
   * @defaultValue what `createEventBus` was given, 30,000 otherwise
   */
  readonly timeoutMs?: number
  /** Gives up as soon as it aborts. */
  readonly signal?: AbortSignal
  /**
   * The OpenTelemetry context that the event continues.
   *
   * @defaultValue the active one
   */
  readonly context?: Context
}

/** Options of `publishMany`: those that can be true of several events at once. */
export type PublishManyOptions = Omit<PublishOptions, 'id'>

/** Options of `encode`, which sends nothing. */
export type EncodeOptions = Omit<PublishOptions, 'timeoutMs' | 'signal'>

/** Options of `publishEncoded`. */
export type PublishEncodedOptions = Pick<PublishOptions, 'timeoutMs' | 'signal'>

/** An event as bytes, ready to be sent later: what an outbox stores. Plain data. */
export interface EncodedEvent {
  readonly id: string
  readonly type: string
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: readonly RawHeader[]
  readonly timestamp: Date
}

/** Limits of a publisher. All have defaults that suit most services. */
export interface PublisherLimits {
  /**
   * How long a publish may take, in milliseconds, where the call does not say.
   *
   * @defaultValue 30,000
   */
  readonly timeoutMs?: number
  /**
   * Bytes of records in one batch, at most; a single larger record travels alone. Keep it below the topics' `max.message.bytes`: a batch that is
   * refused for its size is halved and sent again.
   *
   * @defaultValue 1,000,000
   */
  readonly maxBatchBytes?: number
  /** @defaultValue 10,000 */
  readonly maxBatchRecords?: number
  /**
   * Bytes of records that wait for their acknowledgement, over all topics. When they are reached, further publishes wait for room within their
   * deadlines; awaiting `publish` is how a service feels it.
   *
   * @defaultValue 33,554,432 (32 MiB)
   */
  readonly maxBufferedBytes?: number
  /** @defaultValue 100,000 */
  readonly maxBufferedRecords?: number
  /**
   * How often the number of partitions of a topic in use is asked for again, in milliseconds. Keys may change partition when it has grown.
   *
   * @defaultValue 60,000
   */
  readonly partitionRefreshMs?: number
}

/** Where an event lies on the log. */
export interface PublishedEvent {
  readonly id: string
  readonly topic: string
  readonly partition: number
  readonly offset: bigint
}

/**
 * Turns events into records and gets them onto the log, in micro-batches.
 *
 * A resolved publish is on the log of all in-sync replicas exactly once. Events of one key are written in the order of the calls; of those that
 * fail, the others keep their order. Every rejection is a `PublishError` whose `outcome` says what is known.
 */
export interface Publisher {
  /**
   * Resolves once all in-sync replicas have the event.
   *
   * @throws {EventDataError} before anything is sent, when the data does not fit the schema.
   * @throws {PublishTimeoutError} no room in the buffer (`not-written`) or no acknowledgement (`unknown`) within `timeoutMs`.
   * @throws {PublishAbortedError} `signal` aborted: `not-written` when nothing had been sent yet, else `unknown`.
   * @throws {RecordTooLargeError | TopicNotFoundError | WriteRefusedError} the cluster refuses the record.
   * @throws {BusClosedError} after `close`.
   */
  publish<D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options?: PublishOptions,
  ): Promise<PublishedEvent>
  /**
   * Publishes a list at the price of one promise and one span: events of one call share a trace. All are encoded before the first is sent, so that
   * an `EventDataError` means that nothing was. Results come in the order of `items`.
   *
   * @throws {PublishManyError} when some could not be published; it lists what became of each.
   */
  publishMany<D extends AnyEventDefinition>(
    definition: D,
    items: readonly EventInput<D>[],
    options?: PublishManyOptions,
  ): Promise<readonly PublishedEvent[]>
  /** Encodes an event, with the trace that it continues, without sending it. @throws {EventDataError} */
  encode<D extends AnyEventDefinition>(definition: D, data: EventInput<D>, options?: EncodeOptions): EncodedEvent
  /**
   * Sends encoded events; never rejects for an event, but says of each what became of it, in the order of `events`. For relays.
   *
   * @throws {BusClosedError} after `close`; nothing was sent.
   */
  publishEncoded(
    events: readonly EncodedEvent[],
    options?: PublishEncodedOptions,
  ): Promise<readonly PromiseSettledResult<PublishedEvent>[]>
  /** Resolves when everything that was published before the call is settled, whether it failed or not. */
  flush(): Promise<void>
  /** Refuses new events, waits for those under way within their deadlines, then closes the producer. Idempotent. */
  close(): Promise<void>
}
