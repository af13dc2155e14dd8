import { fixed } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { hasty, numbers, OutageWorld } from './outage-world.ts'

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
