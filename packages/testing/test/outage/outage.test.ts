import { fixed } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { OutageWorld } from './outage-world.ts'

/** Attempts that are over long before any outage is. */
const hasty = { inPlace: { attempts: 3, backoff: fixed(50) } }

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

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

describe('a record that cannot be handled', () => {
  const isPoison = (n: number): boolean => n % 100 === 42
  const poisoned = (n: number, { isUp }: { isUp: boolean }): void => {
    if (isPoison(n)) throw new Error('no such product')
    if (!isUp) throw new Error('connect ECONNREFUSED')
  }

  it('among 99 good ones is given up, for 20 minutes, and throughput stays as it is', async () => {
    const world = new OutageWorld({ onFailure: hasty, work: poisoned })
    const perMinute: number[] = []
    for (let minute = 0; minute < 20; minute += 1) {
      const before = world.handledAt.size
      await world.publish(1_000, 60_000, minute * 1_000)
      perMinute.push(world.handledAt.size - before)
    }
    await world.settled(20_000)
    expect(world.deadLetters.toSorted((a, b) => a - b)).toEqual(numbers(20_000).filter(isPoison))
    expect(Math.min(...perMinute)).toBeGreaterThan(980)
    expect(world.subscription.health()).toMatchObject({ outages: [], degraded: [] })
  }, 60_000)

  it('is given up with one attempt too, and the good ones do not wait for it', async () => {
    const world = new OutageWorld({ onFailure: { inPlace: { attempts: 1 } }, work: poisoned })
    await world.publish(6_000, 60_000)
    expect(world.handledAt.size).toBeGreaterThan(5_900)
    await world.settled(6_000)
    expect(world.deadLetters.toSorted((a, b) => a - b)).toEqual(numbers(6_000).filter(isPoison))
  })

  it('is given up after an outage in which there were others, and no good one is', async () => {
    const world = new OutageWorld({ onFailure: hasty, work: poisoned })
    await world.publish(1_000, 20_000)
    world.isUp = false
    await world.publish(3_000, 120_000, 1_000)
    world.isUp = true
    await world.publish(1_000, 20_000, 4_000)
    await world.settled(5_000)
    expect(world.deadLetters.toSorted((a, b) => a - b)).toEqual(numbers(5_000).filter(isPoison))
  }, 30_000)

  it('is given up at once in a burst whose others were handled', async () => {
    const world = new OutageWorld({ onFailure: hasty, work: poisoned })
    // More than are in flight at once: whether those that began before the failure needed anything after it is not known.
    await world.publish(142, 0)
    await world.clock.advance(500)
    expect(world.deadLetters).toEqual([42])
  })

  it('on a quiet topic waits for the next event, which waits for at most the time of one probe', async () => {
    const world = new OutageWorld({ onFailure: hasty, work: poisoned })
    await world.publish(1, 30_000, 42)
    expect(world.deadLetters).toEqual([])
    expect(world.subscription.health().outages).toHaveLength(1)
    const publishedAt = world.clock.monotonic()
    await world.publish(1, 2_000, 43)
    expect((world.handledAt.get(43) ?? Number.POSITIVE_INFINITY) - publishedAt).toBeLessThan(200)
    expect(world.deadLetters).toEqual([42])
  })

  it('that is alone for `maxHoldMs` is given up, one record at a time, and says so', async () => {
    const world = new OutageWorld({
      onFailure: { ...hasty, outage: { maxHoldMs: 600_000 } },
      work: () => {
        throw new Error('no such product')
      },
    })
    await world.publish(4, 1_000)
    await world.clock.advance(590_000)
    expect(world.deadLetters).toEqual([])
    const counts: number[] = []
    for (let step = 0; step < 30; step += 1) {
      await world.clock.advance(4_900)
      counts.push(world.deadLetters.length)
    }
    expect(counts.at(-1)).toBe(4)
    expect(Math.max(...counts.map((count, index) => count - (counts[index - 1] ?? 0)))).toBe(1)
    expect(world.heldMs.map(Number).every((ms) => ms >= 600_000)).toBe(true)
  })

  it('that is held as a newcomer has all its attempts before `maxHoldMs` ends it: what it failed as a probe does not count', async () => {
    const world = new OutageWorld({
      onFailure: { ...hasty, outage: { maxHoldMs: 60_000 } },
      work: () => {
        throw new Error('no such product')
      },
    })
    await world.publish(2, 4_000)
    await world.clock.advanceUntil(() => world.deadLetters.length === 1)
    await world.clock.advance(6_000)
    expect(world.deadLetters).toEqual([0])
    await world.clock.advance(10_000)
    expect(world.deadLetters).toEqual([0, 1])
  })

  it('is given up for a permit: of ten that fail beside one that is handled, one', async () => {
    const world = new OutageWorld({
      onFailure: { inPlace: { attempts: 2, backoff: fixed(100) }, outage: { maxPermits: 1 } },
      work: (n) => {
        if (n >= 100) throw new Error('no such product')
      },
    })
    await world.publish(1, 100)
    await world.publish(10, 50, 100)
    // Begins between the two failures of the ten: evidence against each of them.
    await world.publish(1, 50, 1)
    await world.clock.advance(1_000)
    expect([...world.handledAt.keys()]).toEqual([0, 1])
    expect(world.deadLetters).toHaveLength(1)
  })

  it('is given up when its attempts are used up where nobody watches', async () => {
    const world = new OutageWorld({ onFailure: { ...hasty, outage: false } })
    world.isUp = false
    await world.publish(20, 1_000)
    await world.clock.advance(1_000)
    expect(world.deadLetters).toHaveLength(20)
  })
})

describe('a handler that is broken for every record', () => {
  it('drains nothing, is named, and what it held is handled by the deploy that mends it', async () => {
    let isMended = false
    const world = new OutageWorld({
      onFailure: hasty,
      work: () => {
        if (!isMended) throw new TypeError("Cannot read properties of undefined (reading 'price')")
      },
    })
    await world.publish(2_000, 120_000)
    expect(world.deadLetters).toEqual([])
    const { outages, degraded } = world.subscription.health()
    expect(outages).toMatchObject([{ reason: 'broken-handler', sinceSuccessMs: null }])
    expect(degraded[0]?.reason).toContain("broken-handler: 'order.placed' has had no success yet")
    isMended = true
    await world.settled(2_000)
    expect(world.deadLetters).toEqual([])
  })

  it('is not what `fetch failed` means', async () => {
    const world = new OutageWorld({
      onFailure: hasty,
      work: () => {
        throw new TypeError('fetch failed', { cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }) })
      },
    })
    await world.publish(5, 20_000)
    expect(world.subscription.health().outages).toMatchObject([{ reason: 'outage' }])
  })
})

describe('a dependency that flaps', () => {
  it('answering every second call costs at most as many dead letters as there were successes, and few with ten attempts', async () => {
    // A linear congruential generator: seeded, and the same everywhere.
    let seed = 7
    const coin = (): boolean => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      return seed > 1_073_741_824
    }
    const world = new OutageWorld({
      onFailure: { inPlace: { attempts: 10, backoff: fixed(50) } },
      work: (_, { isUp }) => {
        if (!isUp || coin()) throw new Error('connect ECONNREFUSED')
      },
    })
    await world.publish(500, 10_000)
    world.isUp = false
    await world.publish(2_000, 60_000, 500)
    expect(world.deadLetters).toEqual([])
    world.isUp = true
    await world.publish(2_500, 60_000, 2_500)
    await world.settled(5_000)
    // Ten failures in a row of 5,000 records: 5 are to be expected by chance.
    expect(world.deadLetters.length).toBeLessThanOrEqual(15)
  }, 30_000)

  it('being there for a second in each minute gives up no more than was handled in that second', async () => {
    const world = new OutageWorld({ onFailure: hasty })
    await world.publish(100, 2_000)
    world.isUp = false
    let handled = world.handledAt.size
    let letters = 0
    for (let minute = 0; minute < 5; minute += 1) {
      await world.publish(300, 59_000, 100 + minute * 300)
      world.isUp = true
      await world.clock.advance(1_000)
      world.isUp = false
      const gained = world.handledAt.size - handled
      handled = world.handledAt.size
      await world.clock.advance(30_000)
      expect(world.deadLetters.length - letters).toBeLessThanOrEqual(gained)
      letters = world.deadLetters.length
    }
    world.isUp = true
    await world.settled(1_600)
    expect(world.deadLetters.length).toBeLessThanOrEqual(5)
  }, 30_000)
})
