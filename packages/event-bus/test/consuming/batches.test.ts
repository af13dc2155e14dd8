import { describe, expect, it } from 'vitest'
import type { BatchContext, BatchOptions } from '../../src/consuming/definition/batch-handler.ts'
import type { SubscriptionOptions } from '../../src/consuming/definition/subscription-definition.ts'
import { batchRig, numbersOf, type Placed } from './batch-rig.ts'
import { order, orderPlaced } from './rig.ts'

describe('a batch', () => {
  it('starts when it is full, or when its first record has waited long enough', async () => {
    const { clock, driver, ...given } = batchRig({ maxRecords: 3, maxWaitMs: 50 }, (events) => {
      batches.push([clock.monotonic(), ...numbersOf(events)])
    })
    const batches: number[][] = []
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('d', 3), order('c', 4)])
    await clock.advance(30)
    partition.deliver([order('c', 5)])
    await clock.advance(19)
    expect(batches).toEqual([[0, 1, 2, 3]])
    expect(given.subscription.health().inFlight).toBe(0)
    await clock.advance(2_000)
    expect(batches).toEqual([
      [0, 1, 2, 3],
      [50, 4, 5],
    ])
    expect(driver.committed(0)).toBe(5n)
  })

  it('by key has records of one key, and those without a key among themselves', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ by: 'key', maxWaitMs: 50 }, (events) => void batches.push(numbersOf(events)))
    const partition = await driver.assign(0)
    const keyless = (n: number) => ({ ...order('x', n), key: null })
    partition.deliver([order('a', 1), order('b', 2), keyless(3), order('a', 4), keyless(5)])
    await clock.advance(50)
    expect(batches).toEqual([[1, 4], [2], [3, 5]])
  })

  it('takes one slot, and starts none while there is none', async () => {
    const batches: number[][] = []
    const { clock, driver, subscription } = batchRig(
      { maxRecords: 2, maxWaitMs: 0 },
      (events) => {
        batches.push(numbersOf(events))
        return clock.sleep(100)
      },
      { concurrency: 2 },
    )
    const partition = await driver.assign(0)
    partition.deliver(Array.from({ length: 6 }, (_, n) => order(`k${n}`, n)))
    await clock.advance(10)
    expect(batches).toEqual([
      [0, 1],
      [2, 3],
    ])
    expect(subscription.health().inFlight).toBe(2)
    await clock.advance(1_000)
    expect(batches.at(-1)).toEqual([4, 5])
  })

  it('runs beside batches of other keys, and never beside one of its own', async () => {
    const running: number[][] = []
    let most = 0
    const { clock, driver } = batchRig({ maxRecords: 2, maxWaitMs: 0 }, async (events) => {
      running.push(numbersOf(events))
      most = Math.max(most, running.length)
      expect(running.flat().filter((n) => n < 10).length).toBeLessThanOrEqual(2)
      await clock.sleep(100)
      running.shift()
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('a', 2), order('a', 3), order('a', 4), order('b', 11), order('c', 12)])
    await clock.advance(2_000)
    expect(most).toBe(2)
    expect(driver.committed(0)).toBe(6n)
  })

  it('is left to the next owner while it is not started, and finished when it is', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 2, maxWaitMs: 50 }, (events) => {
      batches.push(numbersOf(events))
      return clock.sleep(100)
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
    const revoked = partition.revoke()
    await clock.advance(10_000)
    await revoked
    expect(batches).toEqual([[1, 2]])
    expect(driver.committed(0)).toBe(2n)
  })

  it('takes one token of a rate limit', async () => {
    const calledAt: number[] = []
    const { clock, driver } = batchRig({ maxRecords: 2, maxWaitMs: 0 }, () => void calledAt.push(clock.monotonic()), {
      rate: { perSecond: 1, burst: 1 },
    })
    const partition = await driver.assign(0)
    partition.deliver(Array.from({ length: 4 }, (_, n) => order(`k${n}`, n)))
    await clock.advance(5_000)
    expect(calledAt).toEqual([0, 1_000])
  })
})

describe('an attempt at a batch', () => {
  it('past its deadline is aborted and fenced, and its records are tried again', async () => {
    const contexts: BatchContext[] = []
    const { clock, driver } = batchRig(
      { maxRecords: 2 },
      (events, ctx) => {
        contexts.push(ctx)
        return events.length === 2 ? new Promise((resolve) => ctx.signal.addEventListener('abort', resolve)) : undefined
      },
      { attempt: { deadlineMs: 1_000 } },
    )
    const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(500)
    expect((contexts[0]?.extend(1_000) ?? 0) - clock.now()).toBe(1_000)
    await clock.advance(999)
    expect(contexts[0]?.isFenced()).toBe(false)
    await clock.advance(1)
    expect(() => contexts[0]?.throwIfFenced()).toThrow('a batch of 2')
    await clock.advance(2_000)
    expect(contexts).toHaveLength(3)
    expect(driver.committed(0)).toBe(2n)
  })

  it('that never ends is abandoned: its keys and its slot go on', async () => {
    const batches: number[][] = []
    const { clock, driver, subscription } = batchRig(
      { maxRecords: 2 },
      (events) => {
        batches.push(numbersOf(events))
        return events.length === 2 ? new Promise(() => {}) : undefined
      },
      { attempt: { deadlineMs: 1_000, abandonAfterMs: 500 }, concurrency: 1 },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('a', 2), order('a', 3)])
    await clock.advance(1_499)
    expect(batches).toEqual([[1, 2]])
    await clock.advance(5_000)
    expect(batches).toEqual([[1, 2], [1], [2], [3]])
    expect(subscription.health()).toMatchObject({ abandoned: 1, inFlight: 0 })
  })

  it('of a lost partition keeps its keys closed in the next epoch until it ends', async () => {
    const hang = Promise.withResolvers<void>()
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 3, maxWaitMs: 0 }, (events) => {
      batches.push(numbersOf(events))
      return batches.length === 1 ? hang.promise : undefined
    })
    const before = await driver.assign(0)
    before.deliver([order('a', 1), order('a', 2), order('b', 3)])
    before.lose()
    const now = await driver.assign(0)
    now.deliver([order('a', 1), order('a', 2), order('b', 3), order('c', 4)])
    await clock.advance(100)
    expect(batches).toEqual([[1, 2, 3], [4]])
    hang.resolve()
    await clock.advance(2_000)
    expect(batches.slice(2).flat().toSorted()).toEqual([1, 2, 3])
    expect(driver.committed(0)).toBe(4n)
  })

  it('publishes for each event what that one caused, with the same ids in whatever batch it is', async () => {
    const { clock, driver, published } = batchRig({ maxRecords: 2 }, async (events, ctx) => {
      for (const event of events) await ctx.for(event).publish(orderPlaced, { orderId: 'x', n: 0 })
      expect(() => ctx.for({ ...(events[0] as Placed) })).toThrow(RangeError)
      if (events.length === 2) throw new Error('after publishing')
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(2_000)
    const idsOf = (cause: string) =>
      published.filter(({ options }) => options.causationId === cause).map(({ options }) => options.id)
    expect(idsOf('event-1')).toHaveLength(2)
    expect(new Set([...idsOf('event-1'), ...idsOf('event-2')]).size).toBe(2)
    expect(driver.committed(0)).toBe(2n)
  })
})

it.each<[string, BatchOptions, Partial<SubscriptionOptions>]>([
  ['must not be more than limits.maxRecordsPerPartition', { maxRecords: 3_000 }, {}],
  ['must be a whole number', { maxRecords: 0 }, {}],
  ['must be a number of milliseconds', { maxWaitMs: -1 }, {}],
  ["needs order 'key' or 'partition'", { by: 'key' }, { order: 'none' }],
])('batches whose definition cannot work are refused: %s', (fault, options, more) => {
  expect(() => batchRig(options, () => {}, more)).toThrow(fault)
})
