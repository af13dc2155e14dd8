import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fixed } from '../../src/failing/backoff.ts'
import { order, rig } from './rig.ts'

const incoming = fc.record({
  partition: fc.nat(1),
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
  durationMs: fc.option(fc.integer({ min: 0, max: 50 }), { nil: null }),
  failures: fc.constantFrom(0, 0, 0, 1, 2),
})

describe('order by key', () => {
  it('holds over random durations, failures and partitions: ascending, one at a time, bounded, all settled and let go (I2, I5, I6)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(incoming, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 8 }),
        async (records, concurrency) => {
          const running = new Set<string>()
          const completed = new Map<string, number[]>()
          let overlaps = 0
          let most = 0
          const { driver, clock, subscription, budget } = rig(
            async (event, ctx) => {
              const lane = `${event.origin.partition}/${event.key}`
              const { durationMs, failures } = records[event.data.n] ?? { durationMs: 0, failures: 0 }
              if (running.has(lane)) overlaps += 1
              running.add(lane)
              most = Math.max(most, running.size)
              if (durationMs !== null) await clock.sleep(durationMs)
              running.delete(lane)
              if (ctx.attempt <= failures) throw new Error('no')
              completed.set(lane, [...(completed.get(lane) ?? []), event.data.n])
            },
            { concurrency, onFailure: { inPlace: { attempts: 5, backoff: fixed(20) } } },
          )
          const partitions = [await driver.assign(0), await driver.assign(1)]
          for (const [n, record] of records.entries()) partitions[record.partition]?.deliver([order(record.key, n)])
          await clock.advance(60 * 200 + 2_000)

          expect(overlaps).toBe(0)
          expect(most).toBeLessThanOrEqual(concurrency)
          for (const ns of completed.values()) expect(ns).toEqual([...ns].sort((a, b) => a - b))
          expect([...completed.values()].flat()).toHaveLength(records.length)
          for (const [number, partition] of partitions.entries()) {
            expect(driver.committed(number)).toBe(partition.position)
          }
          expect(budget.heldBytes).toBe(0)
          expect(subscription.health()).toMatchObject({ inFlight: 0, lag: 0, oldestUnsettledMs: null })
        },
      ),
      { numRuns: 60 },
    )
  })
})

describe('order by partition', () => {
  it('runs one record of a partition at a time, whatever its key', async () => {
    const started: number[] = []
    const { driver, clock } = rig(
      async (event) => {
        started.push(event.data.n)
        await clock.sleep(10)
      },
      { order: 'partition' },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.settle()
    expect(started).toEqual([1])
    await clock.advance(10)
    expect(started).toEqual([1, 2])
  })
})

describe('slots', () => {
  it('go to the record that came first on the log, whenever it became ready', async () => {
    const started: [number, number][] = []
    const { driver, clock } = rig(
      async (event, ctx) => {
        started.push([event.data.n, ctx.attempt])
        await clock.sleep(10)
        if (event.data.n === 1 && ctx.attempt === 1) throw new Error('no')
      },
      { concurrency: 1, onFailure: { inPlace: { attempts: 2, backoff: fixed(15) } } },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 0), order('b', 1), order('a', 2), order('c', 3), order('a', 4), order('d', 5)])
    await clock.advance(2_000)
    expect(started).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [3, 1],
      [1, 2],
      [4, 1],
      [5, 1],
    ])
    expect(driver.committed(0)).toBe(6n)
  })
})
