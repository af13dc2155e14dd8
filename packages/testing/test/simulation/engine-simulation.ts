/** The engine under seeds: what `pnpm simulate` and the engine's own tests run. */
import { type Outcome, runScenario } from '../../src/simulation/run-scenario.ts'
import { shrink } from '../../src/simulation/shrink.ts'
import { type EngineScenario, engineScenario } from './engine-scenario.ts'
import { engineSubscription } from './engine-subscription.ts'

/** How many smaller scenarios are tried for a story. */
const MAX_TRIES = 600

export function runEngineSeed(seed: number, isStoryWanted = false): Promise<Outcome> {
  return runEngineScenario(engineScenario(seed), isStoryWanted)
}

export function runEngineScenario(scenario: EngineScenario, isStoryWanted = false): Promise<Outcome> {
  return runScenario({ scenario, subscription: engineSubscription(scenario), isStoryWanted })
}

/** The shortest scenario found that breaks the same invariant as this seed; null when it breaks none. */
export async function shrinkEngineSeed(seed: number): Promise<EngineScenario | null> {
  const scenario = engineScenario(seed)
  const { violation } = await runEngineScenario(scenario)
  if (violation === null) return null
  const fails = async (smaller: EngineScenario): Promise<boolean> =>
    (await runEngineScenario(smaller)).violation?.invariant === violation.invariant
  return shrink({ scenario, fails, maxTries: MAX_TRIES })
}
