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
import { headerNames, provenanceHeaderNames } from '../events/header-names.ts'
import { headerText, headerValue, textHeader } from '../events/headers.ts'
import { formatBaggage, formatTraceparent, parseBaggage, parseTraceparent } from './trace-context.ts'
import { newSpanContext } from './trace-ids.ts'

/** The span context to publish under: the active one, or a new trace when there is none. */
export function spanContextOf(context: Context): SpanContext {
  const active = trace.getSpanContext(context)
  return active !== undefined && isSpanContextValid(active) ? active : newSpanContext()
}

/** The headers that continue `spanContext`, with the baggage of `context`. */
export function traceHeadersOf(spanContext: SpanContext, context: Context): RawHeader[] {
  const headers: RawHeader[] = [[headerNames.traceparent, formatTraceparent(spanContext)]]
  const state = spanContext.traceState?.serialize()
  if (state !== undefined && state !== '') headers.push(textHeader(headerNames.tracestate, state))
  const baggage = propagation.getBaggage(context)
  const members = baggage === undefined ? null : formatBaggage(baggage)
  if (members !== null) headers.push(textHeader(headerNames.baggage, members))
  return headers
}

/** The context in which a record was created; null when its headers name none that can be read. The first header of a name counts. */
export function creationContext(headers: readonly RawHeader[]): SpanContext | null {
  return readTraceparent(headers, headerNames.traceparent)
}

/** The last hop of a redriven record, when it lies in the same trace. A hop that names another trace is somebody else's: it is not believed. */
export function hopContext(headers: readonly RawHeader[], traceId: string): SpanContext | null {
  const hop = readTraceparent(headers, provenanceHeaderNames.traceparent)
  return hop?.traceId === traceId ? hop : null
}

/** The context for handling a record whose creation context is `parent`: with its trace state and baggage, and nothing of what is active here. */
export function remoteContext(headers: readonly RawHeader[], parent: SpanContext): Context {
  const state = headerText(headers, headerNames.tracestate)
  const spanContext = state === null ? parent : { ...parent, traceState: createTraceState(state) }
  const context = trace.setSpanContext(ROOT_CONTEXT, spanContext)
  const members = headerText(headers, headerNames.baggage)
  const baggage = members === null ? null : parseBaggage(members)
  return baggage === null ? context : propagation.setBaggage(context, baggage)
}

/**
 * The headers of a record that a relay sends on, with the relay's hop in `traceparent`. Where the event began is kept in `ce_traceparent`, which no
 * later hop changes.
 */
export function withHop(headers: readonly RawHeader[], hop: SpanContext): readonly RawHeader[] {
  const start = headerValue(headers, headerNames.traceparent)
  const result = headers.filter(([name]) => name !== headerNames.traceparent)
  result.push([headerNames.traceparent, formatTraceparent(hop)])
  if (start !== null && headerValue(headers, headerNames.startingTraceparent) === null)
    result.push([headerNames.startingTraceparent, start])
  return result
}

function readTraceparent(headers: readonly RawHeader[], name: string): SpanContext | null {
  const value = headerValue(headers, name)
  return value === null ? null : parseTraceparent(value)
}
