/** How trace context travels on a record: `traceparent`, and `tracestate` and `baggage` when there is something to say. */
import {
  type Context,
  createTraceState,
  isSpanContextValid,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api'
import type { RawHeader } from '../driver.ts'
import { formatBaggage, formatTraceparent, parseBaggage, parseTraceparent } from './trace-context.ts'
import { newSpanContext } from './trace-ids.ts'

export const traceparentHeader = 'traceparent'
export const tracestateHeader = 'tracestate'
export const baggageHeader = 'baggage'
/** CloudEvents' tracing extension: the trace in which an event began, once a hop has put its own into `traceparent`. */
export const startingTraceHeader = 'ce_traceparent'
/** The context of a retry, dead-letter or redrive hop. The original `traceparent` stays as it was. */
export const hopTraceHeader = 'tributary.traceparent'

/** The span context to publish under: the active one, or a new trace when there is none. */
export function spanContextOf(context: Context): SpanContext {
  const active = trace.getSpanContext(context)
  return active !== undefined && isSpanContextValid(active) ? active : newSpanContext()
}

/** Appends the headers that continue `spanContext`, with the baggage of `context`. */
export function injectTrace(headers: RawHeader[], spanContext: SpanContext, context: Context): void {
  headers.push([traceparentHeader, formatTraceparent(spanContext)])
  const state = spanContext.traceState?.serialize()
  if (state !== undefined && state !== '') headers.push([tracestateHeader, Buffer.from(state)])
  const baggage = propagation.getBaggage(context)
  const members = baggage === undefined ? null : formatBaggage(baggage)
  if (members !== null) headers.push([baggageHeader, Buffer.from(members)])
}

/** The context in which a record was created; null when its headers name none that can be read. The first header of a name counts. */
export function creationContext(headers: readonly RawHeader[]): SpanContext | null {
  return readTraceparent(headers, traceparentHeader)
}

/** The last hop of a redriven record, when it lies in the same trace. A hop that names another trace is somebody else's: it is not believed. */
export function hopContext(headers: readonly RawHeader[], traceId: string): SpanContext | null {
  const hop = readTraceparent(headers, hopTraceHeader)
  return hop?.traceId === traceId ? hop : null
}

/** The context for handling a record whose creation context is `parent`: with its trace state and baggage, and nothing of what is active here. */
export function remoteContext(headers: readonly RawHeader[], parent: SpanContext): Context {
  const state = firstHeader(headers, tracestateHeader)
  const spanContext = state === null ? parent : { ...parent, traceState: createTraceState(state.toString()) }
  const context = trace.setSpanContext(ROOT_CONTEXT, spanContext)
  const members = firstHeader(headers, baggageHeader)
  const baggage = members === null ? null : parseBaggage(members.toString())
  return baggage === null ? context : propagation.setBaggage(context, baggage)
}

/**
 * The headers of a record that a relay sends on, with the relay's hop in `traceparent`. Where the event began is kept in `ce_traceparent`, which no
 * later hop changes.
 */
export function withHop(headers: readonly RawHeader[], hop: SpanContext): readonly RawHeader[] {
  const start = firstHeader(headers, traceparentHeader)
  const result = headers.filter(([name]) => name !== traceparentHeader)
  result.push([traceparentHeader, formatTraceparent(hop)])
  if (start !== null && firstHeader(headers, startingTraceHeader) === null) result.push([startingTraceHeader, start])
  return result
}

function readTraceparent(headers: readonly RawHeader[], name: string): SpanContext | null {
  const value = firstHeader(headers, name)
  return value === null ? null : parseTraceparent(value)
}

function firstHeader(headers: readonly RawHeader[], name: string): Buffer | null {
  for (const header of headers) if (header[0] === name) return header[1]
  return null
}
