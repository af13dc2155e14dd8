/** The engine under seeds: what `pnpm simulate` and the engine's own tests run. */
import { headerText } from '@tributary/event-bus'
import type { ClusterState } from '../../src/memory/in-memory-cluster.ts'
import { type Outcome, runScenario } from '../../src/simulation/run-scenario.ts'
import { shrink } from '../../src/simulation/shrink.ts'
import { SOURCE } from './engine-events.ts'
import { type EngineScenario, engineScenario } from './engine-scenario.ts'
import { engineSubscription } from './engine-subscription.ts'

const DEAD_LETTERS = `${SOURCE}.inventory.dlq`

/** How many smaller scenarios are tried for a story. */
const MAX_TRIES = 600

export function runEngineSeed(seed: number, isStoryWanted = false): Promise<Outcome> {
  return runEngineScenario(engineScenario(seed), isStoryWanted)
}

export function runEngineScenario(scenario: EngineScenario, isStoryWanted = false): Promise<Outcome> {
  const subscription = engineSubscription(scenario)
  const check = (logs: ClusterState): void => {
    if (scenario.isPure) checkNothingGivenUp(logs)
  }
  return runScenario({ scenario, subscription, check, isStoryWanted })
}

/** No outage makes a record a dead letter. */
function checkNothingGivenUp({ topics }: ClusterState): void {
  for (let partition = 0; ; partition += 1) {
    const log = topics.findLog({ topic: DEAD_LETTERS, partition })
    if (log === undefined) return
    for (const { headers, offset } of log.read(0n, Number.POSITIVE_INFINITY).records) {
      const reason = headerText(headers, 'tributary.reason')
      if (reason === 'attempts-exhausted' || reason === 'too-old') {
        throw new Error(`dead letter ${offset} of partition ${partition} was given up in an outage: ${reason}`)
      }
    }
  }
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
