import process from 'node:process'
import { afterAll, describe, expect, it } from 'vitest'
import { contenders } from '../src/contenders/registry.ts'
import { faultsOf, type Result } from '../src/results/result.ts'
import { runRounds } from '../src/rounds.ts'
import { Stage } from '../src/stage/stage.ts'

const stage = new Stage((process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(','))

afterAll(() => stage.close())

/** One workload of each kind, as small as it gets: figures mean nothing here, records do. */
const workloads = ['P1', 'C1', 'C3-1ms']

describe('every contender of the benchmarks', () => {
  it.for(Object.keys(contenders))(
    '%s handles and publishes every order once, in the order of its key',
    async (name) => {
      const results: Result[] = []
      const plan = { size: 'smoke', rounds: 1, workloads, contenders: [name] } as const
      await runRounds(plan, stage, (result) => results.push(result))
      expect(results.length).toBeGreaterThan(0)
      // Failures and faults in words.
      expect(results.map((result) => result.error ?? faultsOf(result).join())).toEqual(results.map(() => ''))
    },
  )
})
