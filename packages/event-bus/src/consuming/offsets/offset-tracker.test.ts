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

  get settledBoundary(): bigint {
    const last = this.offsets.findLastIndex((offset) => this.settled.has(offset))
    const isBeyond = last !== -1 && this.unsettled(this.offsets[last] ?? 0n).length > 0
    return isBeyond ? (this.offsets[last + 1] ?? this.position) : this.nextOffset
  }

  unsettled(boundary: bigint): bigint[] {
    return this.offsets.filter((offset) => offset < boundary && !this.settled.has(offset))
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

function unsettledBelow(tracker: OffsetTracker, boundary: bigint): bigint[] {
  const offsets: bigint[] = []
  tracker.visitUnsettled(boundary, (offset) => void offsets.push(offset))
  return offsets
}

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
              tickets.push(tracker.track(offset, 0, null))
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
          expect(tracker.settledBoundary).toBe(model.settledBoundary)
        }
        const beyond = model.offsets.filter((offset) => offset > model.nextOffset && model.settled.has(offset))
        expect(tracker.settledBeyond).toBe(beyond.length)
        expect(unsettledBelow(tracker, model.settledBoundary)).toEqual(model.unsettled(model.settledBoundary))
      }),
    )
  })

  it('stays at the lowest unsettled record while later ones are settled', () => {
    const tracker = new OffsetTracker(7n)
    const [seven, eight, nine] = [
      tracker.track(7n, 100, null),
      tracker.track(8n, 200, null),
      tracker.track(9n, 300, null),
    ]
    tracker.advance(12n)
    tracker.settle(nine)
    expect(tracker.nextOffset).toBe(7n)
    tracker.settle(seven)
    expect(tracker.nextOffset).toBe(8n)
    expect(tracker.oldestReceivedAt).toBe(200)
    expect(tracker.settledBeyond).toBe(1)
    tracker.settle(eight)
    expect(tracker.nextOffset).toBe(12n)
    expect(tracker.oldestReceivedAt).toBeNull()
  })

  it('forgets nothing when it grows', () => {
    const tracker = new OffsetTracker(0n)
    const tickets = Array.from({ length: 60 }, (_, offset) => tracker.track(BigInt(offset), offset, null))
    for (const ticket of tickets.slice(1)) tracker.settle(ticket)
    for (let offset = 60; offset < 300; offset += 1) tracker.track(BigInt(offset), offset, null)
    tracker.advance(300n)
    expect(tracker.nextOffset).toBe(0n)
    tracker.settle(tickets[0] ?? -1)
    expect(tracker.nextOffset).toBe(60n)
    expect(tracker.oldestReceivedAt).toBe(60)
  })

  it('agrees with the model when a few records stay behind while thousands pass', () => {
    const stays = fc.uniqueArray(fc.nat(11_999), { maxLength: 40 })
    fc.assert(
      fc.property(stays, fc.array(fc.nat(), { maxLength: 40 }), (stragglers, order) => {
        const tracker = new OffsetTracker(0n)
        const waiting = new Set(stragglers)
        const tickets = Array.from({ length: 12_000 }, (_, offset) => {
          const ticket = tracker.track(BigInt(offset), offset, `lane ${offset}`)
          tracker.advance(BigInt(offset + 1))
          if (!waiting.has(offset)) tracker.settle(ticket)
          return ticket
        })
        while (waiting.size > 0) {
          const ascending = [...waiting].sort((a, b) => a - b)
          expect(tracker.nextOffset).toBe(BigInt(ascending[0] ?? -1))
          expect(tracker.oldestReceivedAt).toBe(ascending[0])
          expect(tracker.settledBeyond).toBe(12_000 - (ascending[0] ?? 0) - waiting.size)
          const boundary = tracker.settledBoundary
          const below = ascending.filter((offset) => BigInt(offset) < boundary)
          expect(unsettledBelow(tracker, boundary)).toEqual(below.map(BigInt))
          const next = ascending[(order.pop() ?? 0) % ascending.length] ?? -1
          expect(tracker.offsetOf(tickets[next] ?? -1)).toBe(BigInt(next))
          expect(tracker.settle(tickets[next] ?? -1)).toBe(true)
          expect(tracker.settle(tickets[next] ?? -1)).toBe(false)
          waiting.delete(next)
        }
        expect(tracker.nextOffset).toBe(12_000n)
      }),
      { numRuns: 20 },
    )
  })

  it('takes the room of what is unsettled, not of what was received since', () => {
    const tracker = new OffsetTracker(0n)
    const stuck = tracker.track(0n, 0, 'a')
    const parked = tracker.track(1n, 0, 'a')
    tracker.setParked(parked, true)
    const before = process.memoryUsage().arrayBuffers
    for (let offset = 2; offset < 1_000_000; offset += 1) tracker.settle(tracker.track(BigInt(offset), 0, null))
    tracker.advance(1_000_000n)
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1_000_000)
    expect(tracker.nextOffset).toBe(0n)
    tracker.settle(stuck)
    expect(unsettledBelow(tracker, 1_000_000n)).toEqual([])
    tracker.setParked(parked, false)
    expect(unsettledBelow(tracker, 1_000_000n)).toEqual([1n])
    tracker.settle(parked)
    expect(tracker.nextOffset).toBe(1_000_000n)
  })

  it('has another revision for everything that may be committed, and for nothing else', () => {
    const tracker = new OffsetTracker(0n)
    const seen = new Set([tracker.revision])
    const expectNews = (): void => {
      expect(seen).not.toContain(tracker.revision)
      seen.add(tracker.revision)
    }
    const [first, second] = [tracker.track(0n, 0, null), tracker.track(1n, 0, null)]
    tracker.settle(first)
    expectNews()
    tracker.advance(5n)
    expect(seen).toContain(tracker.revision)
    tracker.settle(second)
    expectNews()
    tracker.advance(9n)
    expectNews()
    tracker.settle(tracker.track(9n, 0, null))
    expectNews()
  })

  it('tells of each unsettled record the lane that it was given, in whatever place it is kept', () => {
    const tracker = new OffsetTracker(0n)
    const laneOf = (offset: number): string | null => (offset % 3 === 0 ? null : `lane ${offset}`)
    const isKept = (offset: number): boolean => offset % 5_000 < 2
    for (let offset = 0; offset < 12_000; offset += 1) {
      const ticket = tracker.track(BigInt(offset), 0, laneOf(offset))
      if (offset > 200 && !isKept(offset)) tracker.settle(ticket)
      if (offset !== 200 && offset !== 11_999) continue
      const lanes = new Map<number, string | null>()
      tracker.visitUnsettled(100_000n, (found, laneKey) => lanes.set(Number(found), laneKey))
      const unsettled = Array.from({ length: offset + 1 }, (_, each) => each).filter(
        (each) => each <= 200 || isKept(each),
      )
      expect([...lanes]).toEqual(unsettled.map((each) => [each, laneOf(each)]))
    }
  })

  it('moves on by positions alone when a chunk holds no record', () => {
    const tracker = new OffsetTracker(5n)
    tracker.advance(9n)
    expect(tracker.nextOffset).toBe(9n)
    expect(tracker.position).toBe(9n)
  })

  it('commits no further than the latest record, while its chunk is not taken in whole', () => {
    const tracker = new OffsetTracker(5n)
    tracker.settle(tracker.track(7n, 0, null))
    expect([tracker.nextOffset, tracker.settledBoundary, tracker.position]).toEqual([8n, 8n, 8n])
    const { revision } = tracker
    tracker.advance(8n)
    expect(tracker.revision).toBe(revision)
    tracker.advance(20n)
    expect(tracker.nextOffset).toBe(20n)
    expect(tracker.revision).not.toBe(revision)
  })

  it('ignores a ticket that it never gave', () => {
    const tracker = new OffsetTracker(0n)
    expect(tracker.settle(0)).toBe(false)
    expect(tracker.settle(-1)).toBe(false)
  })
})
