import { type Context, context as contextApi, type SpanContext } from '@opentelemetry/api'
import type { SchemaStore } from '../avro/schema-store.ts'
import type { Clock } from '../clock.ts'
import type { Driver, OutgoingRecord, RawHeader } from '../driver.ts'
import type { AnyEventDefinition, EventInput } from '../events/define-event.ts'
import { rawHeaders } from '../raw-record.ts'
import { spanContextOf, withHop } from '../tracing/propagation.ts'
import { remoteTraceOf } from '../tracing/remote-trace.ts'
import type { PublisherTelemetry, SendSpan } from '../tracing/telemetry.ts'
import { Batcher } from './batcher.ts'
import { CallEncoder } from './call-encoder.ts'
import type {
  EncodedEvent,
  EncodeOptions,
  PublishEncodedOptions,
  PublishedEvent,
  Publisher,
  PublisherLimits,
  PublishManyOptions,
  PublishOptions,
} from './publisher.ts'
import { SendCall, type SendResults } from './send-call.ts'
import { ManyResults, OneResult, SettledResults } from './send-results.ts'

export interface PublisherDependencies {
  readonly source: string
  readonly clientId: string
  readonly driver: Driver
  readonly clock: Clock
  readonly telemetry: PublisherTelemetry
  readonly limits?: PublisherLimits
  /** Where schemas are announced before the first event of a type is sent. */
  readonly schemas?: SchemaStore
}

const defaults: Required<PublisherLimits> = {
  timeoutMs: 30_000,
  // Below the default `max.message.bytes` of a topic (1,048,588) with room for the frame around the records.
  maxBatchBytes: 1_000_000,
  maxBatchRecords: 10_000,
  maxBufferedBytes: 32 * 1024 * 1024,
  maxBufferedRecords: 100_000,
  partitionRefreshMs: 60_000,
}

/** Nothing is said about an event nearly always: no object is made to say so. */
const noOptions: PublishOptions = {}

export function createPublisher(dependencies: PublisherDependencies): Publisher {
  return new BatchingPublisher(dependencies)
}

class BatchingPublisher implements Publisher {
  readonly #source: string
  readonly #clientId: string
  readonly #clock: Clock
  readonly #telemetry: PublisherTelemetry
  readonly #timeoutMs: number
  readonly #schemas: SchemaStore | undefined
  readonly #batcher: Batcher
  #lastNow = new Date(0)

  constructor({ source, clientId, driver, clock, telemetry, limits: given, schemas }: PublisherDependencies) {
    const limits = { ...defaults, ...given }
    this.#source = source
    this.#clientId = clientId
    this.#clock = clock
    this.#telemetry = telemetry
    this.#timeoutMs = limits.timeoutMs
    this.#schemas = schemas
    this.#batcher = new Batcher(
      driver.createProducer({ clientId }),
      clock,
      telemetry.publisherMetrics(clientId),
      limits,
    )
  }

  publish<D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options: PublishOptions = noOptions,
  ): Promise<PublishedEvent> {
    const context = contextOf(options)
    const span = this.#startSend(definition, context, 1)
    const { promise, resolve, reject } = Promise.withResolvers<PublishedEvent>()
    try {
      const { topic } = definition
      const record = this.#encoder(definition, context, span.spanContext, options).encode(data)
      const result = new OneResult(record.id, topic, span.isTraced ? span : null, resolve, reject)
      const call = this.#call(result, 1, options)
      call.add(topic, record)
      this.#submit(definition, call, options)
    } catch (error) {
      span.fail(error)
      span.end()
      reject(error)
    }
    return promise
  }

  publishMany<D extends AnyEventDefinition>(
    definition: D,
    items: readonly EventInput<D>[],
    options: PublishManyOptions = noOptions,
  ): Promise<readonly PublishedEvent[]> {
    if (items.length === 0) return Promise.resolve([])
    const context = contextOf(options)
    const span = this.#startSend(definition, context, items.length)
    return new Promise((resolve, reject) => {
      try {
        const { topic } = definition
        const encoder = this.#encoder(definition, context, span.spanContext, options)
        const ids: string[] = []
        const call = this.#call(new ManyResults(items.length, ids, topic, span, resolve, reject), items.length, options)
        for (const item of items) {
          const record = encoder.encode(item)
          ids.push(record.id)
          call.add(topic, record)
        }
        this.#submit(definition, call, options)
      } catch (error) {
        span.fail(error)
        span.end()
        throw error
      }
    })
  }

  encode<D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options: EncodeOptions = noOptions,
  ): EncodedEvent {
    const context = contextOf(options)
    const { id, key, value, headers, timestamp } = this.#encoder(
      definition,
      context,
      spanContextOf(context),
      options,
    ).encode(data)
    this.#announce(definition)
    const { type, topic } = definition
    return {
      id,
      type,
      topic,
      key: key === null ? null : Buffer.from(key),
      value,
      headers: rawHeaders(headers),
      timestamp: new Date(timestamp),
    }
  }

  publishEncoded(
    events: readonly EncodedEvent[],
    options: PublishEncodedOptions = noOptions,
  ): Promise<readonly PromiseSettledResult<PublishedEvent>[]> {
    if (events.length === 0) return Promise.resolve([])
    return new Promise((resolve) => {
      const spans: (SendSpan | null)[] = []
      const call = this.#call(new SettledResults(events, spans, resolve), events.length, options)
      for (const event of events) {
        const span = this.#telemetry.startRelay(event.topic, this.#clientId, remoteTraceOf(event).created)
        spans.push(span)
        call.add(event.topic, recordOf(event, span === null ? event.headers : withHop(event.headers, span.spanContext)))
      }
      try {
        this.#batcher.submit(call, options.signal)
      } catch (error) {
        for (const span of spans) span?.end()
        throw error
      }
    })
  }

  flush(): Promise<void> {
    return this.#batcher.flush()
  }

  close(): Promise<void> {
    return this.#batcher.close()
  }

  #startSend(definition: AnyEventDefinition, context: Context, count: number): SendSpan {
    return this.#telemetry.startSend(definition.topic, this.#clientId, context, count)
  }

  #encoder<D extends AnyEventDefinition>(
    definition: D,
    context: Context,
    spanContext: SpanContext,
    options: PublishOptions,
  ): CallEncoder<D> {
    const timestamp = options.timestamp ?? this.#now()
    const facts = { source: this.#source, timestamp, spanContext, context }
    return new CallEncoder(definition, facts, options)
  }

  /** Calls of one millisecond share its Date. */
  #now(): Date {
    const now = this.#clock.now()
    if (this.#lastNow.getTime() !== now) this.#lastNow = new Date(now)
    return this.#lastNow
  }

  #submit(definition: AnyEventDefinition, call: SendCall, options: PublishEncodedOptions): void {
    this.#announce(definition)
    this.#batcher.submit(call, options.signal)
  }

  /** What is published to the topic from now on waits for its schema. */
  #announce(definition: AnyEventDefinition): void {
    const schemas = this.#schemas
    if (schemas === undefined) return
    this.#batcher.require(definition.topic, definition, () => schemas.announce(definition.envelopeSchema))
  }

  #call(results: SendResults, count: number, options: PublishEncodedOptions): SendCall {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    return new SendCall(results, count, this.#clock.monotonic() + timeoutMs, timeoutMs)
  }
}

function contextOf(options: EncodeOptions): Context {
  return options.context ?? contextApi.active()
}

function recordOf(event: EncodedEvent, headers: readonly RawHeader[] = event.headers): OutgoingRecord {
  return { key: event.key, value: event.value, headers, timestamp: event.timestamp.getTime() }
}
