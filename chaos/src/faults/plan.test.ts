import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { planFaults } from './plan.ts'

const minute = 60_000
const plan = (seed: number, playMs = 3 * minute) => planFaults({ scenario: 'faults', seed, playMs, members: 5 })

describe('a plan of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(plan(1)).toEqual(plan(1))
    expect(plan(1)).not.toEqual(plan(2))
  })

  it('has in three minutes every kind of fault, and each lane strikes its faults one after the other', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const lanes = plan(seed)
        expect(new Set(lanes.flat().map(({ kind }) => kind)).size).toBe(9)
        // In one lane, so that no two brokers are away at the same time.
        expect(lanes.filter((lane) => lane.some(({ kind }) => kind === 'broker killed'))).toHaveLength(1)
        for (const lane of lanes)
          for (const [index, fault] of lane.entries()) {
            const before = lane[index - 1]
            if (before !== undefined) expect(fault.atMs).toBeGreaterThan(before.atMs + before.forMs)
          }
      }),
      { numRuns: 50 },
    )
  })

  it('of joins and leaves makes only those leave who are there, and those join who are not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => {
        const present = new Set([1, 2, 3, 4, 5])
        const [lane = []] = planFaults({ scenario: 'rebalance', seed, playMs: 3 * minute, members: 5 })
        expect(lane).toHaveLength(18)
        for (const { kind, target } of lane) {
          expect(present.has(target)).toBe(kind === 'member leaves')
          if (kind === 'member leaves') present.delete(target)
          else present.add(target)
        }
      }),
      { numRuns: 50 },
    )
  })
})
