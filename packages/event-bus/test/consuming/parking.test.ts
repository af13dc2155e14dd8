import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Delivery } from '../../src/consuming/delivery.ts'
import { ByteBudget } from '../../src/consuming/intake/flow-control.ts'
import type { PartitionRun } from '../../src/consuming/partition.ts'
import type { Chunk, RawRecord } from '../../src/driver.ts'
import { barePartition } from './bare-partition.ts'
import { ManualClock } from './manual-clock.ts'

type Step =
  | { readonly kind: 'receive'; readonly keys: readonly (string | null)[] }
  | { readonly kind: 'settle'; readonly picks: readonly number[] }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'remove'; readonly pick: number }
  | { readonly kind: 'fail reads'; readonly times: number }

const key = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('hot', 'warm') },
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'c', '') },
  { weight: 1, arbitrary: fc.constant(null) },
)
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('receive' as const),
      keys: fc.array(key, { minLength: 1, maxLength: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('settle' as const),
      picks: fc.array(fc.nat(), { minLength: 1, maxLength: 8 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.constantFrom(100, 300, 1_300) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('fail reads' as const), times: fc.integer({ min: 1, max: 3 }) }),
  },
)

const MAX_RECORDS = 6

/** A partition with as many slots as it likes, and the log that it reads parked followers from. */
class Bench {
  readonly clock = new ManualClock()
  readonly budget = new ByteBudget(1_000_000)
  readonly running: Delivery[] = []
  readonly handedOut: RawRecord[] = []
  readonly expired: bigint[] = []
  readonly removed = new Set<bigint>()
  reads = 0
  mostFollowersParked = 0
  failingReads = 0
  readonly run: PartitionRun
  readonly #log: RawRecord[] = []

  constructor(maxRecordsPerPartition = MAX_RECORDS) {
    this.run = barePartition({
      clock: this.clock,
      maxRecords: maxRecordsPerPartition,
      budget: this.budget,
      parking: {
        readRange: (_, from, to, signal) => this.#read(from, to, signal),
        onRestored: () => this.#start(),
        onExpired: (_, _key, recordOffset) => this.expired.push(recordOffset),
      },
    })
  }

  receive(keys: readonly (string | null)[]): void {
    const fetchedFrom = this.run.position
    const records = keys.map((text, index): RawRecord => {
      const offset = fetchedFrom + BigInt(index)
      return { offset, timestamp: 0, key: text === null ? null : Buffer.from(text), value: null, headers: [] }
    })
    this.#log.push(...records)
    this.run.receive(this.#chunk(fetchedFrom, fetchedFrom + BigInt(keys.length), records))
    this.#start()
    this.run.parking.watch()
    this.mostFollowersParked = Math.max(this.mostFollowersParked, this.run.parking.lanes.followers)
  }

  settle(pick: number): void {
    const [delivery] = this.running.splice(pick % Math.max(1, this.running.length), 1)
    if (delivery === undefined) return
    this.run.settle(delivery)
    this.#start()
  }

  /** The record is on the log no more. */
  remove(pick: number): void {
    const record = this.#log[pick % Math.max(1, this.#log.length)]
    if (record !== undefined) this.removed.add(record.offset)
  }

  async finish(): Promise<void> {
    this.failingReads = 0
    for (let turn = 0; turn < 1_000 && this.run.nextOffset < this.run.position; turn += 1) {
      for (const _ of [...this.running]) this.settle(0)
      await this.clock.advance(1_000)
    }
  }

  #start(): void {
    while (this.run.offersWork()) {
      const next = this.run.ready.shift()
      if (next === undefined) return
      this.running.push(next)
      this.handedOut.push(next.record)
    }
    const keys = this.running.map(({ laneKey }) => laneKey).filter((laneKey) => laneKey !== null)
    expect(new Set(keys).size, 'records of one key that run at once').toBe(keys.length)
  }

  async *#read(from: bigint, to: bigint, signal?: AbortSignal): AsyncGenerator<Chunk> {
    this.reads += 1
    await this.clock.settle()
    signal?.throwIfAborted()
    if (this.failingReads > 0) {
      this.failingReads -= 1
      throw new Error('broker away')
    }
    for (let position = from; position < to; ) {
      const end = position + 10n < to ? position + 10n : to
      const records = this.#log.slice(Number(position), Number(end)).filter(({ offset }) => !this.removed.has(offset))
      yield this.#chunk(position, end, records)
      position = end
    }
  }

  #chunk(fetchedFrom: bigint, nextPosition: bigint, records: RawRecord[]): Chunk {
    const place = { topic: 'orders', partition: 0, epoch: 1 }
    return { ...place, fetchedFrom, nextPosition, highWatermark: nextPosition, records, bytes: records.length * 100 }
  }
}

describe('parking', () => {
  it('keeps the order of keys and hands out every record once, whatever is parked when', async () => {
    let parked = 0
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const bench = new Bench()
        for (const next of steps) {
          if (next.kind === 'receive') bench.receive(next.keys)
          else if (next.kind === 'settle') for (const pick of next.picks) bench.settle(pick)
          else if (next.kind === 'pass') await bench.clock.advance(next.ms)
          else if (next.kind === 'remove') bench.remove(next.pick)
          else bench.failingReads = next.times
        }
        await bench.finish()
        parked += bench.mostFollowersParked

        const { position, nextOffset } = bench.run.tracker
        expect(nextOffset).toBe(position)
        expect(bench.budget.heldBytes).toBe(0)
        const ended = [...bench.handedOut.map(({ offset }) => offset), ...bench.expired]
        expect(ended.toSorted((a, b) => Number(a - b))).toEqual(
          Array.from({ length: Number(position) }, (_, n) => BigInt(n)),
        )
        for (const offset of bench.expired) expect(bench.removed).toContain(offset)
        for (const text of ['hot', 'warm', 'a', 'b', 'c', '']) {
          const ran = bench.handedOut.filter((record) => record.key?.toString() === text).map(({ offset }) => offset)
          expect(ran).toEqual(ran.toSorted((a, b) => Number(a - b)))
        }
      }),
      { numRuns: 200 },
    )
    expect(parked).toBeGreaterThan(200)
  })

  it('lets followers of a key go that has been held for a second, and takes them back one by one at first', async () => {
    const bench = new Bench()
    bench.receive(['slow', 'slow', 'slow', 'slow', 'quick'])
    await bench.clock.advance(1_500)
    expect(bench.run.parking.lanes.followers).toBe(3)
    bench.receive(['slow', 'other'])
    expect(bench.run.parking.lanes.followers).toBe(4)
    expect(bench.handedOut.map(({ offset }) => offset)).toEqual([0n, 4n, 6n])
    bench.settle(0)
    await bench.clock.settle()
    await bench.clock.settle()
    expect(bench.handedOut.map(({ offset }) => offset)).toEqual([0n, 4n, 6n, 1n])
    await bench.finish()
    expect(bench.handedOut.map(({ offset }) => offset)).toEqual([0n, 4n, 6n, 1n, 2n, 3n, 5n])
  })

  it('parks again what was read ahead when the key is held once more, before those who never came back', async () => {
    const bench = new Bench(20)
    bench.receive(Array.from({ length: 30 }, () => 'slow'))
    await bench.clock.advance(1_500)
    const parked = bench.run.parking.lanes
    for (let settled = 0; settled < 4; settled += 1) {
      bench.settle(0)
      for (let turn = 0; turn < 4; turn += 1) await bench.clock.settle()
    }
    expect(parked.followers).toBe(22)
    await bench.clock.advance(100)
    bench.receive(Array.from({ length: 15 }, (_, n) => `k${n}`))
    await bench.clock.advance(1_500)
    expect(parked.followers).toBe(25)
    await bench.finish()
    const ran = bench.handedOut.map(({ offset }) => offset).filter((offset) => offset < 30n)
    expect(ran).toEqual(Array.from({ length: 30 }, (_, n) => BigInt(n)))
  })

  it('gives bytes of their own to what waits for its next attempt and to what holds a slow lane', async () => {
    const bench = new Bench()
    bench.receive(['slow', 'slow', 'slow', 'slow', 'failing', 'quick'])
    const [slow, failing, quick] = bench.running
    const before = [slow, failing, quick].map((delivery) => delivery?.record.key)
    if (failing !== undefined) bench.run.runAgainAfter(failing, 60_000, () => {})
    await bench.clock.advance(1_500)
    expect(slow?.record.key).not.toBe(before[0])
    expect(failing?.record.key).not.toBe(before[1])
    expect(quick?.record.key).toBe(before[2])
    expect([slow, failing].map((delivery) => delivery?.record.key)).toEqual(before.slice(0, 2))
  })

  it('never parks a lane that moves, nor any below the marks', async () => {
    const lively = new Bench()
    lively.receive(Array.from({ length: 30 }, () => 'hot'))
    const calm = new Bench(1_000)
    calm.receive(Array.from({ length: 30 }, () => 'hot'))
    for (let ms = 0; ms < 5_000; ms += 500) {
      await lively.clock.advance(500)
      lively.settle(0)
      await calm.clock.advance(500)
    }
    expect(lively.run.parking.lanes.followers).toBe(0)
    expect(calm.run.parking.lanes.followers).toBe(0)
  })

  it('never parks behind a record that only waits for a slot', async () => {
    const bench = new Bench()
    bench.receive(['slow', 'slow', 'slow', 'slow', 'slow', 'slow', 'slow', 'slow'])
    const [head] = bench.running
    if (head === undefined) throw new Error('nothing runs')
    bench.run.makeReady(head)
    await bench.clock.advance(5_000)
    expect(bench.run.parking.lanes.followers).toBe(0)
    bench.run.ready.shift()
    await bench.clock.advance(1_500)
    expect(bench.run.parking.lanes.followers).toBe(7)
  })

  it('reads a released key of 10,000 followers in some hundred reads, not in 10,000', async () => {
    const bench = new Bench(4_000)
    bench.receive(Array.from({ length: 2_500 }, () => 'slow'))
    await bench.clock.advance(1_500)
    for (let more = 0; more < 75; more += 1) bench.receive(Array.from({ length: 100 }, () => 'slow'))
    expect(bench.run.parking.lanes.followers).toBe(9_999)
    while (bench.run.tracker.nextOffset < 10_000n) {
      bench.settle(0)
      if (bench.running.length === 0) await bench.clock.settle()
    }
    expect(bench.reads).toBeLessThan(1_200)
    expect(bench.handedOut).toHaveLength(10_000)
  })

  it('tells what is wrong while the log cannot be read, tries again, and goes on', async () => {
    const bench = new Bench()
    bench.receive(['slow', 'slow', 'slow', 'slow'])
    await bench.clock.advance(1_500)
    bench.failingReads = 3
    bench.settle(0)
    await bench.clock.settle()
    await bench.clock.settle()
    expect(bench.run.parking.blockage?.reason).toContain('Error: broker away')
    for (let second = 0; second < 5; second += 1) await bench.clock.advance(1_000)
    expect(bench.run.parking.blockage).toBeNull()
    expect(bench.handedOut.map(({ offset }) => offset)).toEqual([0n, 1n])
  })

  it('reads nothing more once the partition is given up', async () => {
    const bench = new Bench()
    bench.receive(['slow', 'slow', 'slow', 'slow'])
    await bench.clock.advance(1_500)
    bench.settle(0)
    void bench.run.drain()
    for (let second = 0; second < 5; second += 1) await bench.clock.advance(1_000)
    expect(bench.handedOut).toHaveLength(1)
    bench.run.fence()
    expect(bench.budget.heldBytes).toBe(0)
  })
})
