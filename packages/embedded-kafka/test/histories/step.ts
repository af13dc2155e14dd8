/** One step of a random history: it says what it does, and can be done at any cluster. */
import { inspect } from 'node:util'
import fc from 'fast-check'
import type { Stage } from './stage.ts'

export interface Step {
  readonly what: string
  play(stage: Stage): Promise<void>
}

/** Steps of one kind; what they do is told by their name and their choices. */
export function stepOf<T extends object>(
  name: string,
  choices: { [K in keyof T]: fc.Arbitrary<T[K]> },
  play: (stage: Stage, what: string, chosen: T) => Promise<void>,
): fc.Arbitrary<Step> {
  return fc.record(choices, { noNullPrototype: true }).map((chosen) => {
    const what = `${name} ${inspect(chosen, { breakLength: Number.POSITIVE_INFINITY })}`
    return { what, play: (stage) => play(stage, what, chosen as T), [fc.toStringMethod]: () => what }
  })
}
