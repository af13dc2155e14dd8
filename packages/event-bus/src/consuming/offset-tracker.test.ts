import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
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
