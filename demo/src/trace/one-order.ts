import type { TraceCollector } from './collector.ts'
import type { SeenSpan } from './otlp.ts'

/** The trace that tells the whole way of one order: spans of all three services, none failed, in one piece, and of these the longest. */
export function traceOfOneOrder(collector: TraceCollector): readonly SeenSpan[] {
  let best: readonly SeenSpan[] = []
  for (const traceId of collector.traceIds()) {
    const spans = collector.spansOf(traceId)
    const isWhole = new Set(spans.map(({ service }) => service)).size === 3 && rootsOf(spans) === 1
    if (isWhole && !spans.some(({ failed }) => failed) && spans.length > best.length) best = spans
  }
  return best
}

/** More than one, when a process was killed before it had told of its spans. */
function rootsOf(spans: readonly SeenSpan[]): number {
  const known = new Set(spans.map(({ spanId }) => spanId))
  return spans.filter(({ parentSpanId }) => parentSpanId === null || !known.has(parentSpanId)).length
}
