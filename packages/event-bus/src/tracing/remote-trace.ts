/** What a record's headers say of its trace. */
import { type Context, createTraceState, propagation, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api'
import type { HeaderVisitor, RawRecord } from '../driver.ts'
import { headerNames, provenanceHeaderNames } from '../events/header-names.ts'
import { parseBaggage, parseTraceparent } from './trace-context.ts'

/**
 * Collects the few headers that concern tracing, in one walk over all of them and without making the others. The first header of a name counts, whatever
 * it says.
 */
class RemoteTraceReader implements HeaderVisitor {
  #created: Buffer | null = null
  #hop: Buffer | null = null
  #state: Buffer | null = null
  #baggage: Buffer | null = null

  read(record: Pick<RawRecord, 'headers' | 'visitHeaders'>): RemoteTrace {
    this.#created = null
    this.#hop = null
    this.#state = null
    this.#baggage = null
    if (record.visitHeaders !== undefined) record.visitHeaders(this)
    else for (const [name, value] of record.headers) if (value !== null) this.header(name, value, 0, value.length)
    return new RemoteTrace(this.#created, this.#hop, this.#state, this.#baggage)
  }

  header(name: string, bytes: Buffer, start: number, end: number): void {
    if (end < 0) return
    switch (name) {
      case headerNames.traceparent:
        this.#created ??= bytes.subarray(start, end)
        break
      case provenanceHeaderNames.traceparent:
        this.#hop ??= bytes.subarray(start, end)
        break
      case headerNames.tracestate:
        this.#state ??= bytes.subarray(start, end)
        break
      case headerNames.baggage:
        this.#baggage ??= bytes.subarray(start, end)
        break
    }
  }
}

export class RemoteTrace {
  /** The context in which the record was created; null when its headers name none that can be read. */
  readonly created: SpanContext | null
  readonly #hop: Buffer | null
  readonly #state: Buffer | null
  readonly #baggage: Buffer | null

  constructor(created: Buffer | null, hop: Buffer | null, state: Buffer | null, baggage: Buffer | null) {
    this.created = created === null ? null : parseTraceparent(created)
    this.#hop = hop
    this.#state = state
    this.#baggage = baggage
  }

  /** The last hop of a redriven record, when it lies in the same trace. A hop that names another trace is somebody else's: it is not believed. */
  hopIn(traceId: string): SpanContext | null {
    const hop = this.#hop === null ? null : parseTraceparent(this.#hop)
    return hop?.traceId === traceId ? hop : null
  }

  /** The context for handling a record whose creation context is `parent`: with its trace state and baggage, and nothing of what is active here. */
  contextBelow(parent: SpanContext): Context {
    const state = this.#state?.toString('utf8')
    const spanContext = state === undefined ? parent : { ...parent, traceState: createTraceState(state) }
    const context = trace.setSpanContext(ROOT_CONTEXT, spanContext)
    const baggage = this.#baggage === null ? null : parseBaggage(this.#baggage.toString('utf8'))
    return baggage === null ? context : propagation.setBaggage(context, baggage)
  }
}

const reader = new RemoteTraceReader()

export function remoteTraceOf(record: Pick<RawRecord, 'headers' | 'visitHeaders'>): RemoteTrace {
  return reader.read(record)
}
