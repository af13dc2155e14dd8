/**
 * `pnpm simulate [--seeds 200] [--from 1] [--minutes 5]`: the engine under seeds. `--seed 7` runs one, and tells its story; one that fails is made as short as
 * possible first. `--whole` leaves it as it is. `--report file` writes the counts. Exits with 1 when a seed fails.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { runEngineScenario, runEngineSeed, shrinkEngineSeed } from './engine-simulation.ts'

/** More failures than these say nothing new. */
const MAX_FAILURES = 10

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    from: { type: 'string', default: '1' },
    minutes: { type: 'string' },
    seed: { type: 'string' },
    whole: { type: 'boolean', default: false },
    report: { type: 'string' },
  },
})

const say = (line: string): void => console.log(line)

async function tell(seed: number): Promise<boolean> {
  const smallest = values.whole ? null : await shrinkEngineSeed(seed)
  const { story, violation } = await (smallest === null ? runEngineSeed(seed, true) : runEngineScenario(smallest, true))
  if (smallest !== null) say(`settings ${JSON.stringify(smallest.settings)}`)
  for (const line of story) say(line)
  say(violation === null ? `seed ${seed} keeps all invariants` : `seed ${seed} breaks ${violation.invariant}`)
  return violation === null
}

async function search(): Promise<boolean> {
  const from = Number(values.from)
  const seeds = Number(values.seeds ?? (values.minutes === undefined ? 200 : Number.MAX_SAFE_INTEGER))
  const endAt = values.minutes === undefined ? Number.POSITIVE_INFINITY : Date.now() + Number(values.minutes) * 60_000
  const startedAt = Date.now()
  const failures: number[] = []
  let run = 0
  let handled = 0
  let virtualMs = 0
  for (; run < seeds && Date.now() < endAt && failures.length < MAX_FAILURES; run += 1) {
    const seed = from + run
    const outcome = await runEngineSeed(seed)
    handled += outcome.handled
    virtualMs += outcome.lastedMs
    if (outcome.violation === null) continue
    failures.push(seed)
    say(`✗ seed ${seed}: ${outcome.violation.invariant} ${outcome.violation.message}`)
  }
  const took = `${((Date.now() - startedAt) / 1000).toFixed(1)} s for ${(virtualMs / 3_600_000).toFixed(1)} h of virtual time`
  const counts = `${run - failures.length} of ${run} seeds keep all invariants, ${handled} records handled`
  say(`${counts}; ${took}`)
  for (const seed of failures) say(`  pnpm simulate --seed ${seed}`)
  if (values.report !== undefined) writeFileSync(values.report, `${counts}\n`)
  return failures.length === 0 && run > 0
}

const isGood = await (values.seed === undefined ? search() : tell(Number(values.seed)))
// A killed process of the simulation may have left a publish unanswered, which would keep this one alive.
process.exit(isGood ? 0 : 1)
