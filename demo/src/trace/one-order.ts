import type { TraceCollector } from './collector.ts'
import type { SeenSpan } from './otlp.ts'

/**
 * The trace that tells the whole way of one order: spans of all three services, in one piece, and of these the longest.
 * One without failures is preferred; in a short play the outage of the mail server may leave none.
 */
export function traceOfOneOrder(collector: TraceCollector): readonly SeenSpan[] {
  let smooth: readonly SeenSpan[] = []
  let bumpy: readonly SeenSpan[] = []
  for (const traceId of collector.traceIds()) {
    const spans = collector.spansOf(traceId)
    const isWhole = new Set(spans.map(({ service }) => service)).size === 3 && rootsOf(spans) === 1
    if (!isWhole) continue
    if (spans.some(({ failed }) => failed)) bumpy = spans.length > bumpy.length ? spans : bumpy
    else smooth = spans.length > smooth.length ? spans : smooth
  }
  return smooth.length > 0 ? smooth : bumpy
}

/** More than one, when a process was killed before it had told of its spans. */
function rootsOf(spans: readonly SeenSpan[]): number {
  const known = new Set(spans.map(({ spanId }) => spanId))
  return spans.filter(({ parentSpanId }) => parentSpanId === null || !known.has(parentSpanId)).length
}
