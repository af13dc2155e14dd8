import { context as contextApi } from '@opentelemetry/api'
import type { SchemaStore } from '../avro/schema-store.ts'
import type { Clock } from '../clock.ts'
import type { Driver, OutgoingRecord, RawHeader } from '../driver.ts'
import type { AnyEventDefinition, EventInput } from '../events/define-event.ts'
import { encodeEvent, partitionKeyOf, subjectOf } from '../events/event-codec.ts'
import { newEventId } from '../events/event-id.ts'
import { eventHeaders } from '../events/headers.ts'
import { creationContext, spanContextOf, traceHeadersOf, withHop } from '../tracing/propagation.ts'
import type { PublisherTelemetry, SendSpan } from '../tracing/telemetry.ts'
import { Batcher } from './batcher.ts'
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
import { SendCall } from './send-call.ts'
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

export function createPublisher(dependencies: PublisherDependencies): Publisher {
  return new BatchingPublisher(dependencies)
}

/** What is the same for all events of a call. */
interface CallFacts {
  readonly timestamp: Date
  readonly traceId: string
  readonly traceHeaders: readonly RawHeader[]
}

class BatchingPublisher implements Publisher {
  readonly #source: string
  readonly #clientId: string
  readonly #clock: Clock
  readonly #telemetry: PublisherTelemetry
  readonly #timeoutMs: number
  readonly #schemas: SchemaStore | undefined
  readonly #batcher: Batcher

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
    options: PublishOptions = {},
  ): Promise<PublishedEvent> {
    const span = this.#startSend(definition, options, 1)
    return new Promise((resolve, reject) => {
      try {
        const event = this.#encode(definition, data, this.#facts(options, span), options)
        const call = this.#call(new OneResult(event, span, resolve, reject), options)
        call.add(event.topic, recordOf(event))
        this.#batcher.submit(call, options.signal)
      } catch (error) {
        span.fail(error)
        span.end()
        throw error
      }
    })
  }

  publishMany<D extends AnyEventDefinition>(
    definition: D,
    items: readonly EventInput<D>[],
    options: PublishManyOptions = {},
  ): Promise<readonly PublishedEvent[]> {
    if (items.length === 0) return Promise.resolve([])
    const span = this.#startSend(definition, options, items.length)
    return new Promise((resolve, reject) => {
      try {
        const facts = this.#facts(options, span)
        const events = items.map((data) => this.#encode(definition, data, facts, options))
        const call = this.#call(new ManyResults(events, span, resolve, reject), options)
        for (const event of events) call.add(event.topic, recordOf(event))
        this.#batcher.submit(call, options.signal)
      } catch (error) {
        span.fail(error)
        span.end()
        throw error
      }
    })
  }

  encode<D extends AnyEventDefinition>(definition: D, data: EventInput<D>, options: EncodeOptions = {}): EncodedEvent {
    const facts = this.#facts(options, { spanContext: spanContextOf(contextOf(options)) })
    return this.#encode(definition, data, facts, options)
  }

  publishEncoded(
    events: readonly EncodedEvent[],
    options: PublishEncodedOptions = {},
  ): Promise<readonly PromiseSettledResult<PublishedEvent>[]> {
    if (events.length === 0) return Promise.resolve([])
    return new Promise((resolve) => {
      const spans: (SendSpan | null)[] = []
      const call = this.#call(new SettledResults(events, spans, resolve), options)
      for (const event of events) {
        const span = this.#telemetry.startRelay(event.topic, this.#clientId, creationContext(event.headers))
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

  #startSend(definition: AnyEventDefinition, options: PublishManyOptions, count: number): SendSpan {
    return this.#telemetry.startSend(definition.topic, this.#clientId, contextOf(options), count)
  }

  #facts(options: PublishOptions, { spanContext }: Pick<SendSpan, 'spanContext'>): CallFacts {
    return {
      timestamp: options.timestamp ?? new Date(this.#clock.now()),
      traceId: spanContext.traceId,
      traceHeaders: traceHeadersOf(spanContext, contextOf(options)),
    }
  }

  #encode<D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    { timestamp, traceId, traceHeaders }: CallFacts,
    options: PublishOptions,
  ): EncodedEvent {
    const id = options.id ?? newEventId(timestamp.getTime())
    const value = encodeEvent(definition, data, { id, traceId, timestamp, source: this.#source })
    const headers = eventHeaders({
      id,
      type: definition.typeHeader,
      source: this.#source,
      timestamp,
      subject: options.subject ?? subjectOf(definition, data),
      causationId: options.causationId ?? null,
      correlationId: options.correlationId ?? null,
    })
    headers.push(...traceHeaders)
    const { type, topic } = definition
    const schemas = this.#schemas
    if (schemas !== undefined) {
      this.#batcher.require(topic, definition, () => schemas.announce(definition.envelopeSchema))
    }
    return { id, type, topic, key: partitionKeyOf(definition, data), value, headers, timestamp }
  }

  #call(results: OneResult | ManyResults | SettledResults, options: PublishEncodedOptions): SendCall {
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs
    return new SendCall(results, this.#clock.monotonic() + timeoutMs, timeoutMs)
  }
}

function contextOf(options: EncodeOptions) {
  return options.context ?? contextApi.active()
}

function recordOf(event: EncodedEvent, headers: readonly RawHeader[] = event.headers): OutgoingRecord {
  return { key: event.key, value: event.value, headers, timestamp: event.timestamp.getTime() }
}
