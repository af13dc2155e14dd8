/** How trace context gets onto a record: `traceparent`, and `tracestate` and `baggage` when there is something to say. */
import { type Context, isSpanContextValid, propagation, type SpanContext, trace } from '@opentelemetry/api'
import type { OutgoingHeader, RawHeader } from '../driver.ts'
import { headerNames } from '../events/header-names.ts'
import { headerValue } from '../events/headers.ts'
import { formatBaggage, formatTraceparent, traceparentOf } from './trace-context.ts'
import { newSpanContext } from './trace-ids.ts'

/** The span context to publish under: the active one, or a new trace when there is none. */
export function spanContextOf(context: Context): SpanContext {
  const active = trace.getSpanContext(context)
  return active !== undefined && isSpanContextValid(active) ? active : newSpanContext()
}

/** The headers that continue `spanContext`, with the baggage of `context`. */
export function traceHeadersOf(spanContext: SpanContext, context: Context): OutgoingHeader[] {
  const headers: OutgoingHeader[] = [[headerNames.traceparent, traceparentOf(spanContext)]]
  const state = spanContext.traceState?.serialize()
  if (state !== undefined && state !== '') headers.push([headerNames.tracestate, state])
  const baggage = propagation.getBaggage(context)
  const members = baggage === undefined ? null : formatBaggage(baggage)
  if (members !== null) headers.push([headerNames.baggage, members])
  return headers
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
