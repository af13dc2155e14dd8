import type { TraceCollector } from './collector.ts'
import type { SeenSpan } from './otlp.ts'

/** The trace that tells the whole way of one order: spans of all three services, and the most of them without a failure. */
export function traceOfOneOrder(collector: TraceCollector): readonly SeenSpan[] {
  let best: readonly SeenSpan[] = []
  for (const traceId of collector.traceIds()) {
    const spans = collector.spansOf(traceId)
    if (new Set(spans.map(({ service }) => service)).size < 3 || spans.some(({ failed }) => failed)) continue
    if (spans.length > best.length) best = spans
  }
  return best
}
