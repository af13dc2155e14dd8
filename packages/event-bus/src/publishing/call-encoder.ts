import type { Context, SpanContext } from '@opentelemetry/api'
import type { OutgoingHeader, OutgoingRecord } from '../driver.ts'
import type { AnyEventDefinition, EventInput } from '../events/define-event.ts'
import { encodeEvent, partitionKeyOf, subjectOf } from '../events/event-codec.ts'
import { newEventId } from '../events/event-id.ts'
import { callHeaders, eventHeaders } from '../events/headers.ts'
import { traceHeadersOf } from '../tracing/propagation.ts'
import type { PublishOptions } from './publisher.ts'

/** An event as a record, with its id. */
export interface EventRecord extends OutgoingRecord {
  readonly id: string
  readonly key: string | null
  readonly value: Buffer
}

/** What is the same for all events of a call. */
export interface CallFacts {
  readonly source: string
  readonly timestamp: Date
  readonly spanContext: SpanContext
  /** For its baggage. */
  readonly context: Context
}

/** Makes records of the events of one call. What they have in common is made once, and shared as the same objects. */
export class CallEncoder<D extends AnyEventDefinition> {
  readonly #definition: D
  readonly #facts: CallFacts
  readonly #options: PublishOptions
  readonly #timestampMs: number
  #sharedHeaders: readonly OutgoingHeader[] | null = null

  constructor(definition: D, facts: CallFacts, options: PublishOptions) {
    this.#definition = definition
    this.#facts = facts
    this.#options = options
    this.#timestampMs = facts.timestamp.getTime()
  }

  /** @throws {EventDataError} */
  encode(data: EventInput<D>): EventRecord {
    const definition = this.#definition
    const { source, timestamp, spanContext } = this.#facts
    const id = this.#options.id ?? newEventId(this.#timestampMs)
    const value = encodeEvent(definition, data, { id, traceId: spanContext.traceId, timestamp, source })
    // After the value: what is wrong with a timestamp, that has said.
    this.#sharedHeaders ??= this.#headers()
    const subject = this.#options.subject ?? subjectOf(definition, data)
    const headers = eventHeaders(this.#sharedHeaders, id, subject)
    return { id, key: partitionKeyOf(definition, data), value, headers, timestamp: this.#timestampMs }
  }

  #headers(): readonly OutgoingHeader[] {
    const { source, timestamp, spanContext, context } = this.#facts
    return callHeaders({
      type: this.#definition.typeHeader,
      source,
      timestamp,
      trace: traceHeadersOf(spanContext, context),
      causationId: this.#options.causationId ?? null,
      correlationId: this.#options.correlationId ?? null,
    })
  }
}
