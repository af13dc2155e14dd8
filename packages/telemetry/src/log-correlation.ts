import { isSpanContextValid, trace } from '@opentelemetry/api'

/**
 * The fields that tie a log line to its trace; none outside a span. Made for pino: `pino({ mixin: logCorrelation })`, after which every line written inside
 * a handler carries the `trace_id` under which Jaeger shows it.
 */
export function logCorrelation(): { trace_id?: string; span_id?: string } {
  const context = trace.getActiveSpan()?.spanContext()
  if (context === undefined || !isSpanContextValid(context)) return {}
  return { trace_id: context.traceId, span_id: context.spanId }
}
