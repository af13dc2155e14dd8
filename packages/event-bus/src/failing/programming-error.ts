import type { Failure } from './failure.ts'

const CLASSES: ReadonlySet<string> = new Set([
  'TypeError',
  'ReferenceError',
  'RangeError',
  'SyntaxError',
  'AssertionError',
])

/**
 * Whether the program is wrong rather than what it depends on. An error with a cause only passes on what happened elsewhere: `fetch` reports a refused
 * connection as `TypeError: fetch failed`.
 */
export function isProgrammingError({ name, causes }: Failure): boolean {
  return CLASSES.has(name) && causes.length === 0
}
