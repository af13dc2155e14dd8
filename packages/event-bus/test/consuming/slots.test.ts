import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { handleBatch } from '../../src/consuming/definition/batch-handler.ts'
import { Reject } from '../../src/errors.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, orderPlaced, type Rig, rig } from './rig.ts'
import type { ScriptedPartition } from './scripted-driver.ts'

const hang = (): Promise<void> => new Promise(() => {})

/** Records of as many keys, so that order keeps none of them back. */
const records = (count: number, first = 0) => Array.from({ length: count }, (_, n) => order(`k${first + n}`, first + n))

async function assign({ driver }: Rig, count: number): Promise<ScriptedPartition[]> {
  const partitions: ScriptedPartition[] = []
  for (let n = 0; n < count; n += 1) partitions.push(await driver.assign(n))
  return partitions
}

const inFlight = ({ subscription }: Rig): number => subscription.health().inFlight

describe('a partition that is alone with its work', () => {
  it('begins with its share and has all slots as soon as it has shown that its handlers end', async () => {
    const engine: Rig = rig(() => engine.clock.sleep(1_000), { concurrency: 16 })
    const [, busy] = await assign(engine, 4)
    busy?.deliver(records(100))
    const held = [inFlight(engine)]
    for (let n = 0; n < 3; n += 1) {
      await engine.clock.advance(1_000)
      held.push(inFlight(engine))
    }
    expect(held).toEqual([4, 8, 16, 16])
  })

  it('gives slots to whoever holds less than its share before it has more again', async () => {
    const started: number[] = []
    const engine: Rig = rig(
      ({ origin: { partition } }) => {
        started.push(partition)
        return partition === 0 ? engine.clock.sleep(1_000) : hang()
      },
      { concurrency: 8 },
    )
    const [busy, other] = await assign(engine, 4)
    for (let n = 0; n < 100; n += 1) {
      busy?.deliver(records(1, n))
      await engine.clock.advance(125)
    }
    expect(inFlight(engine)).toBe(8)
    busy?.deliver(records(20, 100))
    other?.deliver(records(20))
    started.length = 0
    await engine.clock.advance(500)
    expect(started).toEqual([1, 1, 0, 0])
  })

  it('shares what it borrows with another that has work', async () => {
    const running = new Map<number, number>()
    const engine: Rig = rig(
      async ({ origin: { partition } }) => {
        running.set(partition, (running.get(partition) ?? 0) + 1)
        await engine.clock.sleep(1_000)
        running.set(partition, (running.get(partition) ?? 0) - 1)
      },
      { concurrency: 8 },
    )
    const partitions = await assign(engine, 8)
    partitions[2]?.deliver(records(100))
    partitions[5]?.deliver(records(100))
    await engine.clock.advance(4_000)
    expect([running.get(2), running.get(5)].toSorted()).toEqual([3, 5])
  })

  it.each([
    ['fail', () => Promise.reject(new Error('no'))],
    ['reject', () => Promise.reject(new Reject('no'))],
  ])('borrows for handlers that %s as well: they end', async (_, outcome) => {
    const engine: Rig = rig(() => engine.clock.sleep(1_000).then(outcome), {
      concurrency: 4,
      onFailure: { inPlace: { attempts: 2, backoff: fixed(60_000) }, outage: false },
    })
    const [busy] = await assign(engine, 4)
    busy?.deliver(records(20))
    await engine.clock.advance(2_000)
    expect(inFlight(engine)).toBe(4)
  })

  it('borrows for batches as for records', async () => {
    const batch = { maxRecords: 2, maxWaitMs: 0 }
    const engine: Rig = rig(() => {}, {
      concurrency: 4,
      on: [handleBatch(orderPlaced, batch, () => engine.clock.sleep(1_000))],
    })
    const [busy] = await assign(engine, 4)
    busy?.deliver(records(40))
    await engine.clock.settle()
    expect(inFlight(engine)).toBe(1)
    await engine.clock.advance(2_000)
    expect(inFlight(engine)).toBe(4)
  })
})

describe('a partition whose handlers hang', () => {
  it('holds no more than its share, though the others have nothing to run yet (I7)', async () => {
    const engine: Rig = rig(({ origin }) => (origin.partition === 0 ? hang() : engine.clock.sleep(10)), {
      concurrency: 8,
    })
    const [stuck, ...others] = await assign(engine, 4)
    stuck?.deliver(records(50))
    expect(inFlight(engine)).toBe(2)
    for (const other of others) other.deliver(records(50))
    await engine.clock.advance(300)
    expect(inFlight(engine)).toBe(2)
    expect(engine.subscription.health().lag).toBe(50)
  })

  it('shows nothing by records that call no handler', async () => {
    const engine: Rig = rig(hang, { concurrency: 8 })
    const [stuck] = await assign(engine, 4)
    stuck?.deliver(
      records(50).map((record, n) => (n % 2 === 0 ? record : { ...record, headers: [], value: Buffer.from('x') })),
    )
    await engine.clock.settle()
    expect(inFlight(engine)).toBe(2)
  })

  it('has shown nothing when its deadlines pass, and loses what it had shown before', async () => {
    const hanging = new Set<number>()
    const engine: Rig = rig(
      async ({ data }, { signal }) => {
        if (!hanging.has(data.n)) return engine.clock.sleep(10)
        await new Promise<void>((_, reject) => signal.addEventListener('abort', () => reject(new Error('aborted'))))
      },
      {
        concurrency: 8,
        attempt: { deadlineMs: 1_000, abandonAfterMs: 1_000 },
        onFailure: { inPlace: { attempts: 9, backoff: fixed(0) }, outage: false },
      },
    )
    const [busy] = await assign(engine, 4)
    for (let n = 30; n < 100; n += 1) hanging.add(n)
    busy?.deliver(records(100))
    await engine.clock.advance(900)
    expect(inFlight(engine)).toBe(8)
    await engine.clock.advance(1_000)
    expect(inFlight(engine)).toBe(2)
    await engine.clock.advance(5_000)
    expect(inFlight(engine)).toBe(2)
  })
})

it('shares leave something for each partition, however they divide', async () => {
  const engine: Rig = rig(hang, { concurrency: 4 })
  const partitions = await assign(engine, 3)
  partitions[0]?.deliver(records(10))
  partitions[1]?.deliver(records(10))
  expect(inFlight(engine)).toBe(2)
  partitions[2]?.deliver(records(10))
  expect(inFlight(engine)).toBe(3)
})

it('slots are never more than concurrency, and those that flow all come to their end beside those that hang (I5, I7)', async () => {
  const script = fc.array(
    fc.record({ partition: fc.nat(3), count: fc.integer({ min: 1, max: 20 }), passMs: fc.nat(30) }),
    { minLength: 1, maxLength: 20 },
  )
  await fc.assert(
    fc.asyncProperty(script, fc.integer({ min: 4, max: 12 }), fc.nat(2), async (steps, concurrency, stuck) => {
      const running = [0, 0, 0, 0]
      const share = Math.floor(concurrency / 4)
      const [most, mostStuck] = [{ is: 0 }, { is: 0 }]
      const engine: Rig = rig(
        async ({ origin: { partition }, data: { n } }) => {
          running[partition] = (running[partition] ?? 0) + 1
          const all = running.reduce((sum, count) => sum + count)
          most.is = Math.max(most.is, all)
          if (partition < stuck) {
            mostStuck.is = Math.max(mostStuck.is, running[partition] ?? 0)
            await hang()
          }
          await engine.clock.sleep(n % 10)
          running[partition] = (running[partition] ?? 0) - 1
        },
        { concurrency },
      )
      const partitions = await assign(engine, 4)
      const delivered = [0, 0, 0, 0]
      for (const { partition, count, passMs } of steps) {
        partitions[partition]?.deliver(records(count, delivered[partition]))
        delivered[partition] = (delivered[partition] ?? 0) + count
        await engine.clock.advance(passMs)
      }
      await engine.clock.advance(5_000)
      expect(most.is).toBeLessThanOrEqual(concurrency)
      expect(mostStuck.is).toBeLessThanOrEqual(share)
      for (let n = stuck; n < 4; n += 1) {
        const count = BigInt(delivered[n] ?? 0)
        if (count > 0n) expect(engine.driver.committed(n)).toBe(count)
      }
    }),
    { numRuns: 50 },
  )
})
