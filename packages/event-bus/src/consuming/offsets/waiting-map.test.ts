import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { InheritedOffsets } from './inherited-offsets.ts'
import { decodeOffsetMap, encodeOffsetMap, type OffsetMap } from './offset-map.ts'
import { OffsetTracker } from './offset-tracker.ts'
import { waitingMapOf } from './waiting-map.ts'

interface LogRecord {
  readonly offset: bigint
  readonly key: string | null
}

/** What an epoch does: reads so many records, settles by these picks, parks the followers of some keys, and crashes. */
interface Epoch {
  readonly read: number
  readonly picks: readonly number[]
  readonly parks: readonly string[]
}

const logs = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2 }),
      key: fc.option(fc.constantFrom('a', 'b', 'c', 'd', ''), { nil: null }),
    }),
    { minLength: 1, maxLength: 150 },
  )
  .map((records) => {
    let next = 0
    return records.map(({ gap, key }): LogRecord => {
      const offset = next + gap
      next = offset + 1
      return { offset: BigInt(offset), key }
    })
  })

const epochs = fc.array(
  fc.record({
    read: fc.nat(150),
    picks: fc.array(fc.nat(), { maxLength: 120 }),
    parks: fc.subarray(['a', 'b', 'c', 'd', '']),
  }),
  { minLength: 1, maxLength: 6 },
)

/** One epoch after another on one log; what is settled is known to `settled` alone. */
class Partition {
  readonly settled = new Set<bigint>()
  #committed = { nextOffset: 0n, metadata: '' }
  readonly #log: readonly LogRecord[]
  readonly #order: 'key' | 'partition' | 'none'

  constructor(log: readonly LogRecord[], order: 'key' | 'partition' | 'none') {
    this.#log = log
    this.#order = order
  }

  /** Runs an epoch to its crash, right after its last commit. */
  run({ read, picks, parks }: Epoch): void {
    const start = this.#committed.nextOffset
    const map = decodeOffsetMap(this.#committed.metadata, start)
    const inherited = map === null ? null : new InheritedOffsets(map)
    const tracker = new OffsetTracker(start)
    const waiting: { record: LogRecord; ticket: number }[] = []
    for (const record of this.#log.filter(({ offset }) => offset >= start).slice(0, read)) {
      const laneKey = this.#order === 'key' ? record.key : null
      const ticket = tracker.track(record.offset, 0, laneKey)
      const isSettled = inherited?.isSettled(record.offset, record.key === null ? null : Buffer.from(record.key))
      expect(isSettled ?? false, `${record.offset} is known to be settled`).toBe(this.settled.has(record.offset))
      if (isSettled) tracker.settle(ticket)
      else waiting.push({ record, ticket })
      tracker.advance(record.offset + 1n)
    }
    for (const pick of picks) {
      const runnable = waiting.filter((item, index) => this.#mayRun(item.record, waiting.slice(0, index)))
      const next = runnable[pick % runnable.length]
      if (next === undefined) break
      waiting.splice(waiting.indexOf(next), 1)
      tracker.settle(next.ticket)
      this.settled.add(next.record.offset)
    }
    this.#commit(tracker, this.#park(tracker, waiting, parks), inherited)
  }

  #park(
    tracker: OffsetTracker,
    waiting: readonly { record: LogRecord; ticket: number }[],
    keys: readonly string[],
  ): [string, bigint][] {
    if (this.#order !== 'key') return []
    return keys.flatMap((key): [string, bigint][] => {
      const followers = waiting.filter(({ record }) => record.key === key).slice(1)
      for (const { ticket } of followers) tracker.setParked(ticket, true)
      return followers[0] === undefined ? [] : [[key, followers[0].record.offset]]
    })
  }

  #commit(tracker: OffsetTracker, parked: [string, bigint][], inherited: InheritedOffsets | null): void {
    const map: OffsetMap = waitingMapOf(tracker, parked, inherited)
    const { metadata, fill } = encodeOffsetMap(tracker.nextOffset, map)
    expect(fill).toBeLessThan(1)
    expect(this.#log.filter(({ offset }) => offset < tracker.nextOffset).every((r) => this.settled.has(r.offset))).toBe(
      true,
    )
    this.#committed = { nextOffset: tracker.nextOffset, metadata }
  }

  #mayRun({ key }: LogRecord, before: readonly { record: LogRecord }[]): boolean {
    if (this.#order === 'none') return true
    if (this.#order === 'partition') return before.length === 0
    return key === null || before.every(({ record }) => record.key !== key)
  }
}

describe('what a commit says', () => {
  it.each(['key', 'partition', 'none'] as const)(
    'is what is settled and nothing else, after any number of crashes, with order %s',
    (order) => {
      fc.assert(
        fc.property(logs, epochs, (log, given) => {
          const partition = new Partition(log, order)
          for (const epoch of given) partition.run(epoch)
          partition.run({ read: log.length, picks: [], parks: [] })
        }),
        { numRuns: 300 },
      )
    },
  )

  it('is no longer for a key that has 50,000 followers', () => {
    const tracker = new OffsetTracker(0n)
    tracker.track(0n, 0, 'slow')
    for (let offset = 1n; offset < 100_000n; offset += 2n) {
      tracker.setParked(tracker.track(offset, 0, 'slow'), true)
      tracker.settle(tracker.track(offset + 1n, 0, `k${offset}`))
    }
    tracker.advance(100_001n)
    const { metadata } = encodeOffsetMap(0n, waitingMapOf(tracker, [['slow', 1n]], null))
    expect(metadata.length).toBeLessThan(30)
    const inherited = new InheritedOffsets(decodeOffsetMap(metadata, 0n) ?? { boundary: 0n, unsettled: [] })
    expect(inherited.isSettled(99_997n, Buffer.from('slow'))).toBe(false)
    expect(inherited.isSettled(99_998n, Buffer.from('k99997'))).toBe(true)
  })
})
