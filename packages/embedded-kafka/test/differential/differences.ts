import { isDeepStrictEqual } from 'node:util'
import type { Step } from './session.ts'

export interface Difference {
  readonly what: string
  readonly real: unknown
  readonly embedded: unknown
}

/** The steps that were answered differently, and of their answers only the parts that differ. */
export function differences(real: readonly Step[], embedded: readonly Step[]): Difference[] {
  const steps = Math.max(real.length, embedded.length)
  return Array.from({ length: steps }, (_, index) => index).flatMap((index) => {
    const [theirs, ours] = [real[index], embedded[index]]
    if (isDeepStrictEqual(theirs, ours)) return []
    const what = theirs?.what ?? ours?.what ?? ''
    const [realPart, embeddedPart] = differingParts(theirs?.answer, ours?.answer)
    return [{ what, real: realPart, embedded: embeddedPart }]
  })
}

function differingParts(one: unknown, other: unknown): [unknown, unknown] {
  if (!isObject(one) || !isObject(other)) return [one, other]
  const names = [...new Set([...Object.keys(one), ...Object.keys(other)])]
  const differing = names.filter((name) => !isDeepStrictEqual(one[name], other[name]))
  const parts = differing.map((name) => [name, differingParts(one[name], other[name])] as const)
  return [
    Object.fromEntries(parts.map(([name, [part]]) => [name, part])),
    Object.fromEntries(parts.map(([name, [, part]]) => [name, part])),
  ]
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
