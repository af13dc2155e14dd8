/** The kinds of histories: what may happen, and what is looked at in the end. */
import fc from 'fast-check'
import type { Step as Answered } from '../differential/session.ts'
import { logSteps, readEverything } from './log-steps.ts'
import { fetchAllOffsets, offsetSteps } from './offset-steps.ts'
import { producerSteps } from './producer-steps.ts'
import { Stage } from './stage.ts'
import type { Step } from './step.ts'

const longest = 120

export interface Kind {
  readonly steps: fc.Arbitrary<Step[]>
  readonly end: (stage: Stage) => Promise<void>
}

export const kinds: Record<'records' | 'offsets', Kind> = {
  records: { steps: historyOf([3, producerSteps], [2, logSteps]), end: readEverything },
  offsets: { steps: historyOf([1, offsetSteps]), end: fetchAllOffsets },
}

function historyOf(...steps: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Step>])[]) {
  const step = fc.oneof(...steps.map(([weight, arbitrary]) => ({ weight, arbitrary })))
  return fc.array(step, { minLength: 1, maxLength: longest, size: 'max' })
}

export async function play(
  { end }: Kind,
  steps: readonly Step[],
  address: string,
  suffix: string,
): Promise<readonly Answered[]> {
  using stage = await Stage.set(address, suffix)
  for (const step of steps) await step.play(stage)
  await end(stage)
  return stage.session.steps
}
