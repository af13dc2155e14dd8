import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nextDelayMs, retryTopics, retryTopicsFaults } from './retry-topics.ts'

const delays = fc
  .uniqueArray(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 16 })
  .map((list) => list.toSorted((a, b) => a - b))

describe('the next delay', () => {
  it('is the first, then the next longer one, then none', () => {
    expect(nextDelayMs([10, 20, 30], 0, null)).toBe(10)
    expect(nextDelayMs([10, 20, 30], 10, null)).toBe(20)
    expect(nextDelayMs([10, 20, 30], 30, null)).toBeNull()
  })

  it('is the shortest that is as long as was asked for, or the longest there is', () => {
    expect(nextDelayMs([10, 20, 30], 0, 11)).toBe(20)
    expect(nextDelayMs([10, 20, 30], 0, 20)).toBe(20)
    expect(nextDelayMs([10, 20, 30], 0, 31)).toBe(30)
    expect(nextDelayMs([10, 20, 30], 20, 5)).toBe(30)
  })

  it('of a record that waited by another list is the next longer one of this list', () => {
    expect(nextDelayMs([10, 30], 20, null)).toBe(30)
    expect(nextDelayMs([10], 20, null)).toBeNull()
  })

  it('ends, whatever handlers ask for and however often the list is changed on the way', () => {
    const hop = fc.record({ delaysMs: delays, afterMs: fc.option(fc.nat({ max: 2_000_000 })) })
    fc.assert(
      fc.property(fc.array(hop, { minLength: 40, maxLength: 40 }), (hops) => {
        let waitedMs = 0
        for (const { delaysMs, afterMs } of hops) {
          const delayMs = nextDelayMs(delaysMs, waitedMs, afterMs)
          if (delayMs === null) return
          expect(delaysMs).toContain(delayMs)
          expect(delayMs).toBeGreaterThan(waitedMs)
          if (afterMs !== null && delayMs < afterMs) expect(delayMs).toBe(delaysMs.at(-1))
          waitedMs = delayMs
        }
      }),
    )
    fc.assert(
      fc.property(delays, (delaysMs) => {
        const chain: number[] = []
        for (let next = nextDelayMs(delaysMs, 0, null); next !== null; next = nextDelayMs(delaysMs, next, null)) {
          chain.push(next)
        }
        expect(chain).toEqual(delaysMs)
      }),
    )
  })
})

describe('retry topics', () => {
  const faultsOf = (delaysMs: number[], maxAgeMs = 3_600_000): string[] =>
    retryTopicsFaults(retryTopics({ delaysMs, order: 'overtake' }), maxAgeMs)

  it.each([
    ['no delay', [], /1 to 16 delays, got 0/],
    ['too many', Array.from({ length: 17 }, (_, index) => index + 1), /1 to 16 delays, got 17/],
    ['a delay twice', [10, 10], /must ascend, each delay once, got 10, 10/],
    ['descending delays', [20, 10], /must ascend/],
    ['a delay of 0', [0, 10], /0 is no whole number/],
    ['half a millisecond', [0.5], /0.5 is no whole number/],
    ['no number', [Number.NaN], /NaN is no whole number/],
    ['more than the record may age', [1_800_000, 1_800_001], /3600001 ms together.*maxAgeMs \(3600000\)/],
  ])('cannot have %s', (_, delaysMs, fault) => {
    expect(faultsOf(delaysMs).join('\n')).toMatch(fault)
  })

  it('take what ascends and fits, and nothing but overtaking', () => {
    expect(faultsOf([10_000, 300_000])).toEqual([])
    const options = { delaysMs: [1], order: 'keep' } as unknown as Parameters<typeof retryTopics>[0]
    expect(retryTopicsFaults(retryTopics(options), 10)).toEqual([`order must be 'overtake', got "keep"`])
  })
})
