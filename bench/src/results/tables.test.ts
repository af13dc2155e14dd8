import { expect, it } from 'vitest'
import { workload } from '../workloads/registry.ts'
import type { Run } from './run-file.ts'
import { tablesOf } from './tables.ts'

function runOf(rates: Readonly<Record<string, number>>): Run {
  return {
    startedAt: '2026-01-01T00:00:00Z',
    command: 'pnpm bench',
    size: 'smoke',
    rounds: 1,
    machine: { processor: 'any', cores: 2, memoryGiB: 8, system: 'any' },
    versions: {},
    load: { before: 0, after: 0 },
    results: Object.entries(rates).map(([id, records]) => ({
      workload: id,
      contender: 'tributary',
      round: 0,
      measured: { records, elapsedMs: 1_000, cpuMs: 1, peakRssMiB: 100 },
    })),
  }
}

it('holds the rate beside trouble, by the share of those that are in none, against the rate without trouble', () => {
  const share = workload('S1-partition', 'smoke').countedShare ?? 1
  expect(share).toBeCloseTo(7 / 8, 1)
  const tables = tablesOf(runOf({ 'S1-nothing': 1_000, 'S1-partition': 970 * share, 'S1-poison': 900 * 0.99 }))
  expect(tables).toMatch(/\| S1-partition \| .*share.* \| ≥ 0.95 \| 0.97 \| met \|/)
  expect(tables).toMatch(/\| S1-poison \| .*share.* \| ≥ 0.95 \| 0.90 \| \*\*missed\*\* \|/)
  expect(tables).toContain(`Counted are the ${(share * 100).toFixed(1)} % of the records that are not in trouble`)
  expect(tables).toContain('| tributary | 970 (970–970) |  | 1.18 | 100 | only counted |')
})
