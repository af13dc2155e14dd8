import process from 'node:process'
import { afterAll, describe, expect, it } from 'vitest'
import { contenders } from '../src/contenders/registry.ts'
import { faultsOf, type Result } from '../src/results/result.ts'
import { runRounds } from '../src/rounds.ts'
import { Stage } from '../src/stage/stage.ts'

const stage = new Stage((process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(','))

afterAll(() => stage.close())

/** As small as it gets: figures mean nothing here, records do. Nothing where the contender cannot do it. */
async function resultsOf(contender: string, workload: string): Promise<readonly Result[]> {
  const results: Result[] = []
  const plan = { size: 'smoke', rounds: 1, workloads: [workload], contenders: [contender] } as const
  await runRounds(plan, stage, (result) => results.push(result))
  return results
}

describe('every contender of the benchmarks', () => {
  it.for(Object.keys(contenders))(
    '%s handles and publishes every order once, in the order of its key',
    async (name) => {
      const published = await resultsOf(name, 'P1')
      const keyed = await resultsOf(name, 'C3-1ms')
      const consumed = keyed.length > 0 ? keyed : await resultsOf(name, 'C1')
      const results = [...published, ...consumed]
      expect(consumed).toHaveLength(1)
      // Failures and faults in words.
      expect(results.map((result) => result.error ?? faultsOf(result).join())).toEqual(results.map(() => ''))
    },
  )
})
