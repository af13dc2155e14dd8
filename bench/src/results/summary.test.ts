import { describe, expect, it } from 'vitest'
import { workload } from '../workloads/registry.ts'
import type { Measured } from '../workloads/workload.ts'
import type { Result } from './result.ts'
import { summarise } from './summary.ts'

const usage = { cpuMs: 1, peakRssMiB: 100 }

function round(contender: string, number: number, measured: Partial<Measured>): Result {
  return {
    workload: 'C1',
    contender,
    round: number,
    measured: { records: 1_000, elapsedMs: 1_000, ...usage, ...measured },
  }
}

describe('summarise', () => {
  it('takes ratios within a round, not between medians', () => {
    const results = [
      round('kafkajs', 0, { elapsedMs: 1_000 }),
      round('tributary', 0, { elapsedMs: 500 }),
      // A slow minute of the machine: everything takes four times as long.
      round('kafkajs', 1, { elapsedMs: 4_000 }),
      round('tributary', 1, { elapsedMs: 2_000 }),
    ]
    const summary = summarise(workload('C1', 'smoke'), 'tributary', results)
    expect(summary?.ratio).toEqual({ median: 2, lowest: 2, highest: 2 })
    expect(summary?.value).toEqual({ median: 1_250, lowest: 500, highest: 2_000 })
  })

  it('reads a run that was stopped early as if it had gone on', () => {
    const workloadWithTime = workload('C3-10ms', 'smoke')
    const half = { workload: workloadWithTime.id, contender: 'tributary', round: 0 }
    const results = [{ ...half, measured: { records: 250, elapsedMs: 1_000, isCapped: true, ...usage } }]
    expect(summarise(workloadWithTime, 'tributary', results)?.value.median).toBe(2)
  })

  it('tells faults and failures, and null for who did not take part', () => {
    const handled = { missing: 0, duplicates: 3, outOfOrder: 0, altered: 0, sampled: 1 }
    const failed: Result = { workload: 'C1', contender: 'tributary', round: 1, error: 'it broke' }
    const summary = summarise(workload('C1', 'smoke'), 'tributary', [round('tributary', 0, { handled }), failed])
    expect(summary).toMatchObject({ faults: ['3 twice'], errors: ['it broke'], ratio: null })
    expect(summarise(workload('C1', 'smoke'), 'nestjs', [failed])).toBeNull()
  })
})
