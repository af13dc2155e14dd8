import { fixed } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { hasty, numbers, OutageWorld } from './outage-world.ts'

describe('an outage of what the handler depends on', () => {
  it('for five minutes with 10,000 records costs no dead letter, and work resumes within seconds', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    await world.publish(500, 10_000)
    world.isUp = false
    await world.publish(10_000, 300_000, 500)
    expect(world.handledAt.size).toBe(500)
    // Those in flight when it began, and then one a second.
    expect(world.attempts).toBeLessThan(500 + 500 + 310)
    world.isUp = true
    const before = world.handledAt.size
    await world.clock.advance(2_000)
    expect(world.handledAt.size).toBeGreaterThan(before)
    expect(await world.settled(10_500)).toBeLessThan(30_000)
    expect(world.deadLetters).toEqual([])
    expect([...world.handledAt.keys()].toSorted((a, b) => a - b)).toEqual(numbers(10_500))
    expect(world.subscription.health().outages).toEqual([])
  }, 60_000)

  it('for a minute on a topic with one event in 20 s costs no dead letter, and work resumes within seconds', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    await world.publish(5, 100_000)
    world.isUp = false
    await world.publish(3, 60_000, 5)
    world.isUp = true
    expect(await world.settled(8)).toBeLessThan(6_000)
    expect(world.deadLetters).toEqual([])
  })

  it('from the very first event on costs no dead letter', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(50, 60_000)
    world.isUp = true
    await world.settled(50)
    expect(world.deadLetters).toEqual([])
  })

  it('costs no dead letter with one attempt either', async () => {
    const world = new OutageWorld({ onFailure: { inPlace: { attempts: 1 } } })
    await world.publish(100, 10_000)
    world.isUp = false
    await world.publish(500, 60_000, 100)
    world.isUp = true
    await world.settled(600)
    expect(world.deadLetters).toEqual([])
  })

  it('does not age records', async () => {
    const world = new OutageWorld({ onFailure: { ...hasty, maxAgeMs: 2_000 } })
    world.isUp = false
    await world.publish(20, 120_000)
    world.isUp = true
    await world.settled(20)
    expect(world.deadLetters).toEqual([])
  })

  it('meets one record a second at most, whatever waits', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(1_000, 5_000)
    await world.clock.advance(5_000)
    const before = world.attempts
    await world.clock.advance(100_000)
    expect(world.attempts - before).toBeLessThanOrEqual(100)
    expect(world.attempts - before).toBeGreaterThan(90)
  })

  it('is left at a pace: 10 records in the first second, then twice as many in each', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(1_000, 5_000)
    await world.clock.advance(20_000)
    world.isUp = true
    await world.clock.advanceUntil(() => world.handledAt.size > 0)
    const afterSeconds: number[] = []
    for (let second = 0; second < 4; second += 1) {
      await world.clock.advance(1_000)
      afterSeconds.push(world.handledAt.size)
    }
    expect(afterSeconds[0]).toBeLessThanOrEqual(12)
    expect(afterSeconds[1]).toBeLessThanOrEqual(33)
    expect(afterSeconds[2]).toBeLessThanOrEqual(75)
    expect(afterSeconds[3]).toBeGreaterThan(100)
    await world.settled(1_000)
  })

  it('holds no other type of the subscription (I7)', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(20, 10_000)
    await world.cancel(7_000)
    await world.clock.advance(100)
    expect(world.cancelledAt.has(7_000)).toBe(true)
    expect(world.subscription.health().outages.map(({ eventType }) => eventType)).toEqual(['order.placed'])
  })

  it('is told by health: since when, how many are held, when the next is tried, and what is wrong', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    await world.publish(5, 1_000)
    world.isUp = false
    await world.publish(2, 200, 5)
    await world.clock.advance(30_000)
    const { outages, degraded, live, ready } = world.subscription.health()
    expect({ live, ready }).toEqual({ live: true, ready: true })
    expect(outages).toEqual([
      {
        topic: 'orders',
        eventType: 'order.placed',
        reason: 'outage',
        held: 2,
        ageMs: expect.closeTo(29_000, -3.5),
        sinceSuccessMs: expect.closeTo(30_300, -2.5),
        nextProbeInMs: expect.any(Number),
        lastError: 'Error: connect ECONNREFUSED',
      },
    ])
    expect(degraded).toHaveLength(1)
    expect(degraded[0]?.reason).toMatch(
      /^outage: 'order\.placed' has had no success for 3\d s, 2 held, next probe in [1-5] s: Error: connect ECONNREFUSED$/,
    )
  })

  it('ends for a partition that is handed over, and for the subscription that is closed', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(50, 20_000)
    const [memberId = ''] = world.cluster.members('inventory')
    world.cluster.expireMember('inventory', memberId)
    await world.clock.advance(20_000)
    world.isUp = true
    await world.settled(50)
    expect(world.deadLetters).toEqual([])
    expect(world.handledAt.size).toBe(50)
  })

  it('is noticed to be over while a partition that is handed over takes its time', async () => {
    const work = async (n: number, w: OutageWorld): Promise<void> => {
      if (n < 6) await w.sleep(15_000)
      else if (!w.isUp) throw new Error('connect ECONNREFUSED')
    }
    const world = new OutageWorld({ onFailure: { inPlace: { attempts: 1 } }, work })
    await world.publish(6, 100)
    world.isUp = false
    await world.publish(30, 2_000, 6)
    expect(world.subscription.health().outages).toHaveLength(1)
    world.join()
    await world.clock.advance(3_000)
    world.isUp = true
    await world.clock.advance(4_000)
    expect(world.subscription.health().outages).toEqual([])
    await world.settled(36)
    expect(world.deadLetters).toEqual([])
  })

  it('while the subscription is paused asks nothing, and goes on when it is resumed', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    world.isUp = false
    await world.publish(50, 5_000)
    world.subscription.pause()
    const before = world.attempts
    await world.clock.advance(600_000)
    expect(world.attempts).toBe(before)
    world.subscription.resume()
    await world.clock.advance(500)
    expect(world.attempts).toBeLessThanOrEqual(before + 1)
    world.isUp = true
    await world.settled(50)
    expect(world.deadLetters).toEqual([])
  })

  it('is looked at again after one that ended while a probe waited for its slot', async () => {
    const hangs = async (n: number, w: OutageWorld): Promise<void> => {
      if (n === 1) await w.sleep(5_000)
      else if (!w.isUp) throw new Error('connect ECONNREFUSED')
    }
    const onFailure = { inPlace: { attempts: 1 }, outage: { probe: fixed(1_000) } }
    const world = new OutageWorld({ onFailure, subscription: { concurrency: 1 }, work: hangs })
    world.isUp = false
    // The first is what the outage is declared for. The second asks whether it is over, and takes 5 s for it; meanwhile the third is chosen to ask as well.
    await world.publish(1, 1_200)
    await world.publish(2, 200, 1)
    await world.clock.advance(5_000)
    world.isUp = true
    await world.settled(3)
    world.isUp = false
    await world.publish(3, 300, 3)
    await world.clock.advance(10_000)
    world.isUp = true
    expect(await world.settled(6)).toBeLessThan(5_000)
    expect(world.deadLetters).toEqual([])
  })

  it('whose attempts hang is noticed to be over without waiting for them', async () => {
    const world = new OutageWorld({
      onFailure: { inPlace: { attempts: 1 } },
      subscription: { attempt: { deadlineMs: 60_000, abandonAfterMs: 60_000 } },
      work: (_, { isUp }) => (isUp ? undefined : new Promise(() => {})),
    })
    await world.publish(10, 1_000)
    world.isUp = false
    await world.publish(10, 1_000, 10)
    await world.clock.advance(400_000)
    expect(world.subscription.health().outages).toHaveLength(1)
    await world.publish(5, 500, 20)
    world.isUp = true
    await world.clock.advance(10_000)
    expect(numbers(25).filter((n) => n >= 20 && !world.handledAt.has(n))).toEqual([])
    expect(world.deadLetters).toEqual([])
  })
})
