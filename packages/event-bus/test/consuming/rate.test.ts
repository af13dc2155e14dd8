import { describe, expect, it } from 'vitest'
import { fixed } from '../../src/failing/backoff.ts'
import { ManualClock } from './manual-clock.ts'
import { order, rig } from './rig.ts'

/** Counts the timers that wait. */
class CountingClock extends ManualClock {
  waiting = 0

  override setTimer(callback: () => void, ms: number): ReturnType<ManualClock['setTimer']> {
    this.waiting += 1
    let isOver = false
    const end = (): void => {
      if (!isOver) this.waiting -= 1
      isOver = true
    }
    const timer = super.setTimer(() => {
      end()
      callback()
    }, ms)
    return {
      cancel: () => {
        end()
        timer.cancel()
      },
    }
  }
}

const orders = (count: number, from = 0): ReturnType<typeof order>[] =>
  Array.from({ length: count }, (_, index) => order(`k${from + index}`, from + index))

describe('a rate limit', () => {
  it('lets a burst through, then one call at a time, at its rate', async () => {
    const calledAt: number[] = []
    const { driver, clock } = rig(() => void calledAt.push(clock.monotonic()), { rate: { perSecond: 0.5, burst: 3 } })
    const partition = await driver.assign(0)
    partition.deliver(orders(6))
    await clock.advance(10_000)
    expect(calledAt).toEqual([0, 0, 0, 2_000, 4_000, 6_000])
    expect(driver.committed(0)).toBe(6n)
  })

  it('counts every attempt', async () => {
    const calls: [number, number][] = []
    const { driver, clock } = rig(
      (_, ctx) => {
        calls.push([clock.monotonic(), ctx.attempt])
        if (ctx.attempt === 1) throw new Error('no')
      },
      { rate: { perSecond: 1, burst: 1 }, onFailure: { inPlace: { attempts: 2, backoff: fixed(100) } } },
    )
    const partition = await driver.assign(0)
    partition.deliver(orders(2))
    await clock.advance(10_000)
    expect(calls.map(([atMs]) => atMs)).toEqual([0, 1_000, 2_000, 3_000])
    // The retry of the first comes before the second: it came first on the log.
    expect(calls.map(([, attempt]) => attempt)).toEqual([1, 2, 1, 2])
  })

  it('does not count what calls no handler', async () => {
    const calledAt: number[] = []
    const { driver, clock } = rig(() => void calledAt.push(clock.monotonic()), { rate: { perSecond: 1, burst: 1 } })
    const partition = await driver.assign(0)
    const poison = { key: Buffer.from('p'), value: Buffer.from([1]) }
    partition.deliver([poison, poison, order('a', 1), poison, order('b', 2)])
    await clock.advance(5_000)
    expect(calledAt).toEqual([0, 1_000])
    expect(driver.appended).toHaveLength(3)
    expect(driver.committed(0)).toBe(5n)
  })

  it('has one timer while something waits for a token, and none while nothing does', async () => {
    const clock = new CountingClock()
    const { driver, subscription } = rig(() => {}, { rate: { perSecond: 1 } }, { clock })
    const [one, other] = [await driver.assign(0), await driver.assign(1)]
    await clock.advance(5_000)
    // One always waits: that of the next look for retry topics that were left.
    expect(clock.waiting).toBe(1)
    one.deliver(orders(4))
    other.deliver(orders(4))
    await clock.advance(2_500)
    // The other one is the commit's.
    expect(clock.waiting).toBe(3)
    subscription.pause()
    expect(clock.waiting).toBe(2)
    await clock.advance(5_000)
    expect(clock.waiting).toBe(1)
    subscription.resume()
    await clock.advance(10_000)
    expect(clock.waiting).toBe(1)
    expect([driver.committed(0), driver.committed(1)]).toEqual([4n, 4n])
  })

  it('pauses the partition by its marks, and keeps nothing from closing', async () => {
    const handled: number[] = []
    const { driver, clock, subscription } = rig((event) => void handled.push(event.data.n), {
      rate: { perSecond: 1, burst: 1 },
      limits: { maxRecordsPerPartition: 10 },
    })
    const partition = await driver.assign(0)
    partition.deliver(orders(12))
    expect(driver.calls).toEqual(['pause orders/0'])
    await clock.advance(6_000)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
    const closed = subscription.close()
    await clock.advance(0)
    await closed
    expect(handled).toHaveLength(7)
    expect(driver.committed(0)).toBe(7n)
  })

  it('that can never be kept is refused', () => {
    expect(() => rig(() => {}, { rate: { perSecond: 0 } })).toThrow('rate.perSecond must be more than 0')
    expect(() => rig(() => {}, { rate: { perSecond: 5, burst: 0.5 } })).toThrow('rate.burst must be a whole number')
  })
})
