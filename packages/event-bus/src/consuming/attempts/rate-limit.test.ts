import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Clock } from '../../clock.ts'
import { resolveRateLimit, TokenBucket } from './rate-limit.ts'

/** Rounding, in tokens. */
const TOLERANCE = 1e-3

function bucketAt(time: { ms: number }, perSecond: number, burst: number): TokenBucket {
  const clock: Clock = { now: () => time.ms, monotonic: () => time.ms, setTimer: () => ({ cancel: () => {} }) }
  return new TokenBucket({ perSecond, burst }, clock)
}

const perSecond = fc.oneof(
  fc.double({ min: 0.01, max: 10, noNaN: true }),
  fc.double({ min: 10, max: 20_000, noNaN: true }),
)
const burst = fc.integer({ min: 1, max: 50 })

describe('a token bucket', () => {
  it('gives at most burst + rate × t in any stretch of time, however it is asked', () => {
    const askings = fc.array(
      fc.record({ afterMs: fc.double({ min: 0, max: 2_000, noNaN: true }), times: fc.nat({ max: 60 }) }),
    )
    fc.assert(
      fc.property(perSecond, burst, askings, fc.infiniteStream(fc.boolean()), (rate, most, steps, unneeded) => {
        const time = { ms: 0 }
        const bucket = bucketAt(time, rate, most)
        const takenAt: number[] = []
        for (const { afterMs, times } of steps) {
          time.ms += afterMs
          for (let asked = 0; asked < times && bucket.waitMs === 0; asked += 1) {
            bucket.take()
            if (unneeded.next().value) bucket.giveBack()
            else takenAt.push(time.ms)
          }
        }
        for (const [first, fromMs] of takenAt.entries()) {
          for (const [last, toMs] of takenAt.entries()) {
            if (last < first) continue
            expect(last - first + 1).toBeLessThanOrEqual(most + (rate * (toMs - fromMs)) / 1_000 + TOLERANCE * rate)
          }
        }
      }),
      { numRuns: 200 },
    )
  })

  it('loses none: whoever waits exactly as long as told gets all there are', () => {
    fc.assert(
      fc.property(perSecond, burst, fc.nat({ max: 500 }), (rate, most, count) => {
        const time = { ms: 12_345 }
        const bucket = bucketAt(time, rate, most)
        for (let taken = 0; taken < count + most; taken += 1) {
          time.ms += bucket.waitMs
          bucket.take()
        }
        expect(time.ms - 12_345).toBeLessThanOrEqual((count * 1_000) / rate + 1)
        expect(time.ms - 12_345).toBeGreaterThanOrEqual((count * 1_000) / rate - 1)
      }),
    )
  })

  it('lets a tenth of a second follow at once where nothing else is said, and always one', () => {
    expect(resolveRateLimit({ perSecond: 1_000 })).toEqual({ perSecond: 1_000, burst: 100 })
    expect(resolveRateLimit({ perSecond: 0.5 })).toEqual({ perSecond: 0.5, burst: 1 })
    expect(resolveRateLimit({ perSecond: 5, burst: 20 })).toEqual({ perSecond: 5, burst: 20 })
  })
})
