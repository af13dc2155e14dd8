import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { backoffDelayMs, backoffFaults, exponential, fixed } from './backoff.ts'

const options = fc.record({
  initialMs: fc.integer({ min: 0, max: 10_000 }),
  maxMs: fc.integer({ min: 10_000, max: 1_000_000 }),
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('exponential', () => {
  it('waits between the unjittered wait less its jitter and that wait, and never longer than the longest', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 10_000 }), random, (given, failures, dice) => {
        const backoff = exponential(given)
        const fullMs = backoffDelayMs(backoff, failures, 0)
        const delayMs = backoffDelayMs(backoff, failures, dice)
        expect(backoffFaults(backoff)).toEqual([])
        expect(fullMs).toBeLessThanOrEqual(given.maxMs)
        expect(delayMs).toBeLessThanOrEqual(fullMs)
        expect(delayMs).toBeGreaterThanOrEqual(fullMs * (1 - given.jitter) - 1e-6)
      }),
    )
  })

  it('never waits less after a later failure, for the same dice', () => {
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 500 }), random, (given, failures, dice) => {
        const backoff = exponential(given)
        expect(backoffDelayMs(backoff, failures + 1, dice)).toBeGreaterThanOrEqual(
          backoffDelayMs(backoff, failures, dice),
        )
      }),
    )
  })

  it('doubles from the initial wait to the longest by default', () => {
    const backoff = exponential({ initialMs: 200, maxMs: 1_000 })
    expect([1, 2, 3, 4, 5].map((failures) => backoffDelayMs(backoff, failures, 0))).toEqual([
      200, 400, 800, 1_000, 1_000,
    ])
  })

  it('names each option that cannot work', () => {
    expect(backoffFaults(exponential({ initialMs: 500, maxMs: 100, factor: 0, jitter: 2 }))).toEqual([
      'maxMs (100) is less than initialMs (500)',
      'factor must be at least 1',
      'jitter must be from 0 to 1',
    ])
    expect(backoffFaults(exponential({ initialMs: Number.NaN, maxMs: Number.POSITIVE_INFINITY }))).toHaveLength(2)
  })
})

describe('fixed', () => {
  it('waits the same each time', () => {
    expect([1, 7].map((failures) => backoffDelayMs(fixed(250), failures, 0.5))).toEqual([250, 250])
    expect(backoffFaults(fixed(-1))).toEqual(['delayMs must be a number of at least 0'])
  })
})
