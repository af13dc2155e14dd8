import { describe, expect, it } from 'vitest'
import { ByteBudget } from '../../src/consuming/intake/flow-control.ts'
import { encodeOffsetMap } from '../../src/consuming/offsets/offset-map.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, rig } from './rig.ts'

const hang = (): Promise<void> => new Promise(() => {})
const orders = (from: number, to: number): ReturnType<typeof order>[] =>
  Array.from({ length: to - from }, (_, index) => order('same', from + index))

describe('a chunk', () => {
  it('that does not start where the one before it ended is dropped, and the partition sought back (I1)', async () => {
    const handled: number[] = []
    const { driver, clock } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    partition.deliverChunk(2n, 3n, [order('a', 3)])
    partition.deliverChunk(0n, 1n, [order('a', 1)])
    expect(handled).toEqual([1])
    expect(driver.calls).toEqual(['seek 1 1 orders/0', 'seek 1 1 orders/0'])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(1n)
  })

  it('of an earlier epoch is dropped, even where it would fit', async () => {
    const handled: number[] = []
    const { driver } = rig((event) => void handled.push(event.data.n))
    const before = await driver.assign(0)
    before.lose()
    const now = await driver.assign(0)
    before.deliver([order('a', 1)])
    expect(handled).toEqual([])
    now.deliver([order('a', 1)])
    expect(handled).toEqual([1])
  })

  it('of a partition that was never assigned is dropped', async () => {
    const handled: number[] = []
    const { driver } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0)
    partition.lose()
    partition.deliver([order('a', 1)])
    expect(handled).toEqual([])
  })
})

describe('limits (I5)', () => {
  it('pause a partition above its records, and resume it at half of them, while others go on', async () => {
    const gates: (() => void)[] = []
    const handled: number[] = []
    const { driver, clock } = rig(
      (event) => {
        if (event.origin.partition === 1) return void handled.push(event.data.n)
        return new Promise<void>((resolve) => void gates.push(resolve))
      },
      { limits: { maxRecordsPerPartition: 10 } },
    )
    const [stuck, flowing] = [await driver.assign(0), await driver.assign(1)]
    stuck.deliver(orders(0, 10))
    expect(driver.calls).toEqual([])
    stuck.deliver(orders(10, 11))
    expect(driver.calls).toEqual(['pause orders/0'])
    flowing.deliver(orders(0, 50))
    expect(handled).toHaveLength(50)
    for (let settled = 0; settled < 6; settled += 1) {
      expect(driver.calls).toEqual(['pause orders/0'])
      gates.shift()?.()
      await clock.settle()
    }
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
  })

  it('pause a partition above its bytes', async () => {
    const { driver } = rig(hang, { limits: { maxBytesPerPartition: 1_000 } })
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 1), { bytes: 1_000 })
    expect(driver.calls).toEqual([])
    partition.deliver(orders(1, 2), { bytes: 1 })
    expect(driver.calls).toEqual(['pause orders/0'])
  })

  it('pause a partition when too much would run again after a crash, where the group keeps no metadata', async () => {
    const stuck = Promise.withResolvers<void>()
    const { driver, clock } = rig((event) => (event.data.n === 0 ? stuck.promise : undefined), {
      limits: { maxUncommittedPerPartition: 100 },
    })
    const partition = await driver.assign(0)
    driver.commitOutcome = ({ metadata }) => (metadata === '' ? 'committed' : 'metadata-refused')
    partition.deliver(Array.from({ length: 101 }, (_, n) => order(`k${n}`, n)))
    await clock.advance(5_000)
    expect(driver.calls).toEqual([])
    partition.deliver([order('k101', 101)])
    expect(driver.calls).toEqual(['pause orders/0'])
    stuck.resolve()
    await clock.settle()
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
  })

  it('pause a partition in which too many records wait behind slow keys', async () => {
    const stuck = Promise.withResolvers<void>()
    const { driver, clock } = rig((event) => (event.data.n === 0 ? stuck.promise : undefined), {
      limits: { maxRecordsPerPartition: 10, maxParkedPerPartition: 20 },
    })
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 11))
    await clock.advance(1_500)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
    partition.deliver(orders(11, 21))
    expect(driver.calls).toHaveLength(2)
    partition.deliver(orders(21, 22))
    expect(driver.calls.slice(2)).toEqual(['pause orders/0'])
  })

  it('let a partition go on when all that had arrived turns out to wait behind a slow key', async () => {
    const { driver, clock } = rig(
      async ({ origin }) => {
        if (origin.partition === 0) throw new Error('out of stock')
        await clock.sleep(10_000)
      },
      {
        concurrency: 1,
        limits: { maxRecordsPerPartition: 10 },
        onFailure: { inPlace: { attempts: 2, backoff: fixed(3_600_000) }, outage: false },
      },
    )
    const [waiting, busy] = [await driver.assign(0), await driver.assign(1)]
    waiting.deliver(orders(0, 12))
    await clock.advance(2_000)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
    busy.deliver([order('a', 100)])
    // No slot is free to look at these.
    waiting.deliver(orders(12, 24))
    await clock.advance(2_000)
    expect(driver.calls.slice(2)).toEqual(['pause orders/0'])
    await clock.advance(8_000)
    expect(driver.calls.slice(3)).toEqual(['resume orders/0'])
  })

  it('do not count what is settled behind a waiting key, where the group keeps it', async () => {
    const { driver, clock } = rig((event) => (event.data.n === 0 ? hang() : undefined), {
      limits: { maxUncommittedPerPartition: 100 },
    })
    const partition = await driver.assign(0)
    for (let from = 0; from < 1_000; from += 100) {
      partition.deliver(Array.from({ length: 100 }, (_, n) => order(`k${from + n}`, from + n)))
      await clock.advance(1_000)
    }
    expect(driver.calls).toEqual([])
  })

  it('do not keep a partition paused for the size of metadata that the group refuses', async () => {
    const stuck = Promise.withResolvers<void>()
    // Every other record hangs: what is settled between them fills the commit's metadata.
    const { driver, clock } = rig((event) => (event.data.n % 2 === 0 ? stuck.promise : undefined), {
      concurrency: 5_000,
      limits: { maxRecordsPerPartition: 10_000 },
    })
    const partition = await driver.assign(0)
    driver.commitOutcome = ({ metadata }) => (metadata === '' ? 'committed' : 'metadata-refused')
    partition.deliver(Array.from({ length: 5_000 }, (_, n) => order(`k${n}`, n)))
    await clock.advance(2_000)
    stuck.resolve()
    await clock.advance(2_000)
    expect(driver.committed(0)).toBe(5_000n)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
  })

  it('of the process pause whoever holds something, and nobody who holds nothing', async () => {
    const budget = new ByteBudget(1_000)
    const one = rig(hang, {}, { budget })
    const handled: number[] = []
    const other = rig((event) => void handled.push(event.data.n), {}, { budget })
    const [greedy, modest] = [await one.driver.assign(0), await other.driver.assign(0)]
    greedy.deliver(orders(0, 1), { bytes: 5_000 })
    expect(one.driver.calls).toEqual(['pause orders/0'])
    modest.deliver(orders(0, 1))
    expect(handled).toEqual([0])
    expect(other.driver.calls).toEqual([])
    greedy.lose()
    expect(budget.heldBytes).toBe(0)
  })

  it('of the process resume their partitions when there is room again', async () => {
    const budget = new ByteBudget(1_000)
    const one = rig(hang, {}, { budget })
    const other = rig(hang, {}, { budget })
    const greedy = await one.driver.assign(0)
    greedy.deliver(orders(0, 1), { bytes: 900 })
    const modest = await other.driver.assign(0)
    modest.deliver(orders(0, 1), { bytes: 200 })
    expect(other.driver.calls).toEqual(['pause orders/0'])
    greedy.lose()
    expect(other.driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
  })

  it('are counted anew when a partition comes back: nothing of the epoch before is held or paused', async () => {
    const { driver, budget } = rig(hang, { limits: { maxRecordsPerPartition: 1 } })
    const before = await driver.assign(0)
    before.deliver(orders(0, 2))
    before.lose()
    const now = await driver.assign(0)
    now.deliver(orders(0, 1))
    expect(driver.calls).toEqual(['pause orders/0'])
    expect(budget.heldBytes).toBe(100)
  })
})

describe('a start position', () => {
  it.each([
    ['the committed offset', { committed: { nextOffset: 5n, metadata: '' }, logStartOffset: 2n, logEndOffset: 9n }, 5n],
    ['the start of the log without one', { logStartOffset: 2n, logEndOffset: 9n }, 2n],
    [
      'the start of the log when retention has passed it',
      { committed: { nextOffset: 1n, metadata: '' }, logStartOffset: 2n, logEndOffset: 9n },
      2n,
    ],
    [
      'the start of the log when the log is shorter',
      { committed: { nextOffset: 50n, metadata: '' }, logStartOffset: 0n, logEndOffset: 9n },
      0n,
    ],
  ])('is %s', async (_, assigned, position) => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0, assigned)
    expect(partition.position).toBe(position)
    partition.deliver(orders(0, 1))
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(position + 1n)
  })
})

describe('what retention removed before it was read', () => {
  it('is counted when the group comes too late, but for what it had settled', async () => {
    const { boundary, unsettled } = { boundary: 8n, unsettled: [{ kind: 'run' as const, from: 1n, to: 3n }] }
    const { metadata } = encodeOffsetMap(1n, { boundary, unsettled })
    const { driver, subscription } = rig(() => {})
    await driver.assign(0, { committed: { nextOffset: 1n, metadata }, logStartOffset: 10n, logEndOffset: 20n })
    expect(subscription.health().expired).toBe(4)
    await driver.assign(1, { committed: { nextOffset: 50n, metadata: '' }, logStartOffset: 10n, logEndOffset: 20n })
    await driver.assign(2, { logStartOffset: 10n, logEndOffset: 20n })
    expect(subscription.health().expired).toBe(4)
  })

  it('is counted while the group lags, and other gaps are not', async () => {
    const { driver, clock, subscription } = rig(() => {})
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 2), { gapAfter: 3n })
    expect(subscription.health().expired).toBe(0)
    partition.expire(7n)
    partition.deliver(orders(2, 3))
    expect(subscription.health().expired).toBe(7)
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(13n)
  })
})
