import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DueGate } from '../../src/consuming/intake/due-gate.ts'
import type { Chunk, RawRecord } from '../../src/driver.ts'
import { provenanceHeaderNames } from '../../src/events/header-names.ts'
import { ManualClock } from './manual-clock.ts'

const DELAY_MS = 10_000

/** A partition of a retry topic as the engine reads it: from where the gate has stopped, whenever it opens. */
class Reader {
  readonly clock = new ManualClock()
  readonly log: RawRecord[] = []
  /** Offset and moment, by the monotonic clock, of what was let through. */
  readonly passed: { offset: bigint; atMs: number }[] = []
  readonly gate: DueGate
  looks = 0
  #position = 0n

  constructor(logEndOffset = 0n) {
    this.gate = new DueGate({ clock: this.clock, delayMs: DELAY_MS, logEndOffset, onOpen: () => this.read() })
  }

  /** @param skewMs how far the writer's clock is ahead */
  write(skewMs = 0): void {
    const offset = BigInt(this.log.length)
    const timestamp = this.clock.now() + skewMs
    const dueAt = Buffer.from(new Date(timestamp + DELAY_MS).toISOString())
    const headers = [[provenanceHeaderNames.dueAt, dueAt]] as const
    this.log.push({ offset, timestamp, key: null, value: null, headers })
    if (!this.gate.isShut) this.read()
  }

  read(): void {
    this.looks += 1
    const records = this.log.slice(Number(this.#position))
    const end = BigInt(this.log.length)
    const chunk: Chunk = {
      topic: 'orders.inventory.retry.10s',
      partition: 0,
      epoch: 1,
      fetchedFrom: this.#position,
      nextPosition: end,
      highWatermark: end,
      records,
      bytes: records.length * 100,
    }
    const admitted = this.gate.admit(chunk)
    this.#position = admitted.nextPosition
    for (const { offset } of admitted.records) this.passed.push({ offset, atMs: this.clock.monotonic() })
  }
}

describe('the gate of a retry topic', () => {
  it('lets a record through when it is due, neither before nor later', async () => {
    const reader = new Reader()
    reader.write()
    await reader.clock.advance(DELAY_MS - 1)
    expect(reader.passed).toEqual([])
    expect(reader.gate.isShut).toBe(true)
    await reader.clock.advance(1)
    expect(reader.passed).toEqual([{ offset: 0n, atMs: DELAY_MS }])
    expect(reader.gate.isShut).toBe(false)
  })

  it('takes what is due of a chunk and leaves the rest on the log, gaps and bytes included', () => {
    const { gate, clock } = new Reader()
    const due = (offset: bigint, inMs: number): RawRecord => {
      const at = Buffer.from(new Date(clock.now() + inMs).toISOString())
      return { offset, timestamp: 0, key: null, value: null, headers: [[provenanceHeaderNames.dueAt, at]] }
    }
    const chunk: Chunk = {
      topic: 't',
      partition: 0,
      epoch: 1,
      fetchedFrom: 3n,
      nextPosition: 30n,
      highWatermark: 40n,
      records: [due(4n, -5), due(7n, 0), due(12n, 1), due(13n, -5)],
      bytes: 400,
    }
    const admitted = gate.admit(chunk)
    expect(Array.from(admitted.records, ({ offset }) => offset)).toEqual([4n, 7n])
    expect(admitted).toMatchObject({ fetchedFrom: 3n, nextPosition: 12n, highWatermark: 40n, bytes: 200 })
    gate.close()
    expect(clock.waitingTimers).toBe(0)
  })

  it('is never early and hardly late, however writers come', async () => {
    const step = fc.record({ afterMs: fc.nat({ max: 4_000 }), count: fc.integer({ min: 1, max: 5 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const reader = new Reader()
        const writtenAtMs: number[] = []
        for (const { afterMs, count } of steps) {
          await reader.clock.advance(afterMs)
          for (let n = 0; n < count; n += 1) {
            writtenAtMs.push(reader.clock.monotonic())
            reader.write()
          }
        }
        await reader.clock.advance(DELAY_MS + 1_000)
        expect(reader.passed.map(({ offset }) => Number(offset))).toEqual(writtenAtMs.map((_, index) => index))
        for (const { offset, atMs } of reader.passed) {
          const latenessMs = atMs - ((writtenAtMs[Number(offset)] ?? 0) + DELAY_MS)
          expect(latenessMs).toBeGreaterThanOrEqual(0)
          expect(latenessMs).toBeLessThanOrEqual(250)
        }
        expect(reader.gate.isShut).toBe(false)
        expect(reader.clock.waitingTimers).toBe(0)
      }),
      { numRuns: 50 },
    )
  })

  it('of clocks that disagree believes none: it waits at least the delay where the writer is ahead, and at most two', async () => {
    const skews = fc.array(fc.integer({ min: 0, max: 100_000 }), { minLength: 1, maxLength: 20 })
    await fc.assert(
      fc.asyncProperty(skews, async (list) => {
        const reader = new Reader()
        const writtenAtMs: number[] = []
        for (const skewMs of list) {
          await reader.clock.advance(skewMs % 700)
          writtenAtMs.push(reader.clock.monotonic())
          reader.write(skewMs)
        }
        await reader.clock.advance(3 * DELAY_MS)
        expect(reader.passed).toHaveLength(list.length)
        for (const { offset, atMs } of reader.passed) {
          const waitedMs = atMs - (writtenAtMs[Number(offset)] ?? 0)
          expect(waitedMs).toBeGreaterThanOrEqual(DELAY_MS)
          expect(waitedMs).toBeLessThanOrEqual(2 * DELAY_MS + 250)
        }
      }),
      { numRuns: 50 },
    )
  })

  it('waits for what was there when the partition was assigned no longer than the delay from then on', async () => {
    const reader = new Reader(1n)
    await reader.clock.advance(4_000)
    reader.write(3_600_000)
    await reader.clock.advance(5_999)
    expect(reader.passed).toEqual([])
    await reader.clock.advance(1)
    expect(reader.passed).toHaveLength(1)
  })

  it('notices within half a minute that the clock was set forward, and is not stopped when it is set back', async () => {
    const hourly = (jumpMs: number): Promise<number | null> => waitOf(3_600_000, jumpMs)
    expect(await hourly(3_600_000)).toBeLessThanOrEqual(90_000)
    expect(await hourly(-86_400_000)).toBe(3_600_000)
  })

  it('sleeps through a long wait, and reads nothing again before it is over', async () => {
    const reader = new Reader()
    reader.write()
    const { looks } = reader
    await reader.clock.advance(DELAY_MS - 1)
    expect(reader.looks).toBe(looks)
    expect(reader.clock.waitingTimers).toBe(1)
  })
})

/** How long a record waits whose topic has this delay, when the clock is set one minute after it was read first; null for longer than two delays. */
async function waitOf(delayMs: number, jumpMs: number): Promise<number | null> {
  const clock = new ManualClock()
  let openedAtMs: number | null = null
  const onOpen = (): void => {
    openedAtMs = clock.monotonic()
  }
  const gate = new DueGate({ clock, delayMs, logEndOffset: 0n, onOpen })
  const dueAt = Buffer.from(new Date(clock.now() + delayMs).toISOString())
  const record: RawRecord = {
    offset: 0n,
    timestamp: clock.now(),
    key: null,
    value: null,
    headers: [[provenanceHeaderNames.dueAt, dueAt]],
  }
  const place = { topic: 't', partition: 0, epoch: 1 }
  gate.admit({ ...place, fetchedFrom: 0n, nextPosition: 1n, highWatermark: 1n, records: [record], bytes: 1 })
  await clock.advance(60_000)
  clock.jumpWallClock(jumpMs)
  await clock.advance(2 * delayMs)
  return openedAtMs
}
