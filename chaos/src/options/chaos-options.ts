import { parseArgs } from 'node:util'
import type { Scenario } from '../faults/plan.ts'
import { numberOption, UsageError } from './number-option.ts'

export interface ChaosOptions {
  readonly scenario: Scenario
  readonly minutes: number
  readonly seed: number
  /** Events a second, over all producers. */
  readonly perSecond: number
  readonly reportFile: string
  readonly help: boolean
}

export const usage = `usage: chaos [options]
  --minutes N      how long things go wrong (default 3)
  --seed N         which faults strike when, and whom (default: a new one, which is told)
  --scenario NAME  faults (default): brokers and members are killed, frozen, cut off
                   rebalance: members join and leave gracefully every 10 s, under load
  --rate N         events a second (default 300)
  --report FILE    where everything counted is kept (default run/chaos-SCENARIO-SEED.json)`

/** @throws {UsageError} */
export function parseChaosOptions(args: readonly string[]): ChaosOptions {
  const values = parse(args)
  const scenario = values.scenario ?? 'faults'
  if (scenario !== 'faults' && scenario !== 'rebalance')
    throw new UsageError(`--scenario is faults or rebalance, not "${scenario}"`)
  const seed = Math.floor(numberOption('--seed', values.seed, 1 + Math.floor(Math.random() * 1_000_000)))
  return {
    scenario,
    minutes: numberOption('--minutes', values.minutes, 3),
    seed,
    perSecond: numberOption('--rate', values.rate, 300),
    reportFile: values.report ?? `run/chaos-${scenario}-${seed}.json`,
    help: values.help ?? false,
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        minutes: { type: 'string' },
        seed: { type: 'string' },
        scenario: { type: 'string' },
        rate: { type: 'string' },
        report: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}
