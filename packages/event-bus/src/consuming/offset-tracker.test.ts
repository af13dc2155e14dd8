import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOffsetMap, encodeOffsetMap } from './offset-map.ts'
import { OffsetTracker } from './offset-tracker.ts'

/** The same, as one would say it: a list of offsets and a set of those that are settled. */
class NaiveTracker {
  readonly offsets: bigint[] = []
  readonly settled = new Set<bigint>()
  position: bigint

  constructor(position: bigint) {
    this.position = position
  }

  get nextOffset(): bigint {
    return this.offsets.find((offset) => !this.settled.has(offset)) ?? this.position
  }
}

type Step = { kind: 'chunk'; gaps: number[]; gapAfter: number } | { kind: 'settle'; pick: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('chunk' as const),
    gaps: fc.array(fc.nat(3), { maxLength: 150 }),
    gapAfter: fc.nat(2),
  }),
  fc.record({ kind: fc.constant('settle' as const), pick: fc.nat() }),
)

describe('OffsetTracker', () => {
  it('agrees with a naive model on what may be committed, whatever the order of settlements', () => {
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 62n), fc.array(step, { maxLength: 100 }), (start, steps) => {
        const tracker = new OffsetTracker(start)
        const model = new NaiveTracker(start)
        const tickets: number[] = []
        let committable = start
        for (const next of steps) {
          if (next.kind === 'chunk') {
            let offset = model.position
            for (const gap of next.gaps) {
              offset += BigInt(gap)
              tickets.push(tracker.track(offset, 0))
              model.offsets.push(offset)
              offset += 1n
            }
            model.position = offset + BigInt(next.gapAfter)
            tracker.advance(model.position)
          } else if (tickets.length > 0) {
            const index = next.pick % tickets.length
            const offset = model.offsets[index] ?? -1n
            const isNew = !model.settled.has(offset)
            model.settled.add(offset)
            expect(tracker.settle(tickets[index] ?? -1)).toBe(isNew)
          }
          expect(tracker.nextOffset).toBe(model.nextOffset)
          expect(tracker.nextOffset >= committable).toBe(true)
          committable = tracker.nextOffset
        }
      }),
    )
  })

  it('hands on to the next epoch exactly what is settled, also when that reads only a part of it', () => {
    const records = fc.array(fc.record({ gap: fc.nat(3), isSettled: fc.boolean() }), { minLength: 1, maxLength: 200 })
    fc.assert(
      fc.property(fc.bigInt(0n, 2n ** 60n), records, fc.nat(200), (start, given, readAgain) => {
        const first = new OffsetTracker(start)
        let next = start
        const offsets = given.map(({ gap }) => {
          const offset = next + BigInt(gap)
          next = offset + 1n
          return offset
        })
        const tickets = offsets.map((offset) => first.track(offset, 0))
        first.advance(next)
        for (const [index, ticket] of tickets.entries()) if (given[index]?.isSettled) first.settle(ticket)
        const settled = offsets.filter((_, index) => given[index]?.isSettled)

        const inherit = (from: OffsetTracker): OffsetTracker => {
          const { metadata } = encodeOffsetMap(from.nextOffset, from.settledBeyond())
          return new OffsetTracker(from.nextOffset, decodeOffsetMap(metadata, from.nextOffset) ?? [])
        }
        /** Reads on up to `count` records; settles what is inherited, and answers it. */
        const read = (tracker: OffsetTracker, count: number): bigint[] => {
          const ahead = offsets.filter((offset) => offset >= tracker.position).slice(0, count)
          const skipped = ahead.filter((offset) => {
            const isInherited = tracker.isInherited(offset)
            const ticket = tracker.track(offset, 0)
            return isInherited && tracker.settle(ticket)
          })
          tracker.advance((ahead.at(-1) ?? tracker.position - 1n) + 1n)
          return skipped
        }
        const second = inherit(first)
        const beyond = settled.filter((offset) => offset >= first.nextOffset)
        read(second, readAgain)
        const third = inherit(second)
        const stillBeyond = beyond.filter((offset) => offset >= second.nextOffset)
        expect(third.nextOffset).toBe(second.nextOffset)
        expect(read(third, given.length)).toEqual(stillBeyond)
        expect(third.nextOffset).toBe(offsets.find((offset) => !settled.includes(offset)) ?? next)
      }),
    )
  })

  it('stays at the lowest unsettled record while later ones are settled', () => {
    const tracker = new OffsetTracker(7n)
    const [seven, eight, nine] = [tracker.track(7n, 100), tracker.track(8n, 200), tracker.track(9n, 300)]
    tracker.advance(12n)
    tracker.settle(nine)
    expect(tracker.nextOffset).toBe(7n)
    tracker.settle(seven)
    expect(tracker.nextOffset).toBe(8n)
    expect(tracker.oldestReceivedAt).toBe(200)
    expect(tracker.span).toBe(2)
    tracker.settle(eight)
    expect(tracker.nextOffset).toBe(12n)
    expect(tracker.oldestReceivedAt).toBeNull()
  })

  it('forgets nothing when it grows', () => {
    const tracker = new OffsetTracker(0n)
    const tickets = Array.from({ length: 60 }, (_, offset) => tracker.track(BigInt(offset), offset))
    for (const ticket of tickets.slice(1)) tracker.settle(ticket)
    for (let offset = 60; offset < 300; offset += 1) tracker.track(BigInt(offset), offset)
    tracker.advance(300n)
    expect(tracker.nextOffset).toBe(0n)
    tracker.settle(tickets[0] ?? -1)
    expect(tracker.nextOffset).toBe(60n)
    expect(tracker.oldestReceivedAt).toBe(60)
  })

  it('moves on by positions alone when a chunk holds no record', () => {
    const tracker = new OffsetTracker(5n)
    tracker.advance(9n)
    expect(tracker.nextOffset).toBe(9n)
    expect(tracker.continuesAt(9n)).toBe(true)
  })

  it('refuses a chunk that would leave a hole (I1)', () => {
    const tracker = new OffsetTracker(5n)
    expect(tracker.continuesAt(6n)).toBe(false)
    expect(tracker.continuesAt(4n)).toBe(false)
    expect(tracker.continuesAt(5n)).toBe(true)
  })

  it('ignores a ticket that it never gave', () => {
    const tracker = new OffsetTracker(0n)
    expect(tracker.settle(0)).toBe(false)
    expect(tracker.settle(-1)).toBe(false)
  })
})
