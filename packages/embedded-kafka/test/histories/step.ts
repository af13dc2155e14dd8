/** One step of a random history: it says what it does, and can be done at any cluster. */
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Stage } from './stage.ts'

export interface Step<On = Stage> {
  readonly what: string
  play(stage: On): Promise<void>
}

/** Steps of one kind; what they do is told by their name and their choices. */
export function stepOf<T extends object, On = Stage>(
  name: string,
  choices: { [K in keyof T]: fc.Arbitrary<T[K]> },
  play: (stage: On, what: string, chosen: T) => Promise<void>,
): fc.Arbitrary<Step<On>> {
  return fc.record(choices, { noNullPrototype: true }).map((chosen) => {
    const what = `${name} ${inspect(chosen, { breakLength: Number.POSITIVE_INFINITY, maxStringLength: 20 })}`
    return { what, play: (stage) => play(stage, what, chosen as T), [fc.toStringMethod]: () => what }
  })
}

/** What is usual, and once in a while something else. */
export function mostly<T>(usual: fc.Arbitrary<T>, ...others: T[]): fc.Arbitrary<T> {
  return fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: fc.constantFrom(...others) })
}
