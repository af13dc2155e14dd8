/** The kinds of histories: what may happen, and what is looked at in the end. */
import fc from 'fast-check'
import { type Difference, differences } from '../differential/differences.ts'
import type { Step as Answered } from '../differential/session.ts'
import { playClassic } from './groups/classic.ts'
import { classicSteps } from './groups/classic-steps.ts'
import { playConsumer } from './groups/consumer.ts'
import { consumerSteps } from './groups/consumer-steps.ts'
import { logSteps, readEverything } from './log-steps.ts'
import { fetchAllOffsets, offsetSteps } from './offset-steps.ts'
import { producerSteps } from './producer-steps.ts'
import { Stage } from './stage.ts'
import type { Step } from './step.ts'

/** Steps, told by what they do, that both clusters can be played. */
export interface History {
  differences(real: string, embedded: string): Promise<Difference[]>
}

const records = fc.oneof({ weight: 3, arbitrary: producerSteps }, { weight: 2, arbitrary: logSteps })

export const histories: Record<'records' | 'offsets' | 'classicGroups' | 'consumerGroups', fc.Arbitrary<History>> = {
  records: historyOf(records, 120, playApart(readEverything)),
  offsets: historyOf(offsetSteps, 120, playApart(fetchAllOffsets)),
  classicGroups: historyOf(classicSteps, 30, playClassic),
  consumerGroups: historyOf(consumerSteps, 20, playConsumer),
}

type Play<On> = (steps: readonly Step<On>[], real: string, embedded: string) => Promise<Difference[]>

/**
 * What differs once may be the real cluster's own doing: it works on the requests of two connections at once, and finishes some things behind its answer.
 * It is told the history once more then.
 */
function historyOf<On>(step: fc.Arbitrary<Step<On>>, longest: number, play: Play<On>): fc.Arbitrary<History> {
  return fc.array(step, { minLength: 1, maxLength: longest, size: 'max' }).map((steps) => ({
    differences: async (real, embedded) => {
      const seen = await play(steps, real, embedded)
      return seen.length > 0 ? play(steps, real, embedded) : seen
    },
    [fc.toStringMethod]: () => steps.map(({ what }) => what).join('\n'),
  }))
}

/** Each cluster for itself: nothing waits for a later step. */
function playApart(end: (stage: Stage) => Promise<void>): Play<Stage> {
  const play = async (steps: readonly Step[], address: string, suffix: string): Promise<readonly Answered[]> => {
    using stage = await Stage.set(address, suffix)
    for (const step of steps) await step.play(stage)
    await end(stage)
    return stage.session.steps
  }
  return async (steps, real, embedded) => {
    const suffix = crypto.randomUUID().slice(0, 8)
    const [theirs, ours] = await Promise.all([play(steps, real, suffix), play(steps, embedded, suffix)])
    return differences(theirs, ours)
  }
}
