import type { SeenSpan } from './otlp.ts'

/** A trace as indented lines, children below their parents in order of time; spans whose parent was not seen stand at the top. */
export function traceTree(spans: readonly SeenSpan[]): string[] {
  const byTime = [...spans].sort((a, b) => a.startMs - b.startMs)
  const known = new Set(byTime.map(({ spanId }) => spanId))
  const children = new Map<string | null, SeenSpan[]>()
  for (const span of byTime) {
    const parent = span.parentSpanId !== null && known.has(span.parentSpanId) ? span.parentSpanId : null
    children.set(parent, [...(children.get(parent) ?? []), span])
  }
  const origin = byTime[0]?.startMs ?? 0
  const lines: string[] = []
  const draw = (span: SeenSpan, indent: string, isLast: boolean, isRoot: boolean): void => {
    const branch = isRoot ? '' : isLast ? '└─ ' : '├─ '
    const took = `${(span.endMs - span.startMs).toFixed(1)} ms`
    const label = `${indent}${branch}${span.service.padEnd(9)} ${span.name}${span.failed ? ' ✗' : ''}`
    lines.push(`${label.padEnd(64)} +${(span.startMs - origin).toFixed(1).padStart(7)} ms  ${took.padStart(9)}`)
    const below = children.get(span.spanId) ?? []
    for (const [index, child] of below.entries()) {
      draw(child, isRoot ? '' : `${indent}${isLast ? '   ' : '│  '}`, index === below.length - 1, false)
    }
  }
  for (const root of children.get(null) ?? []) draw(root, '', true, true)
  return lines
}
