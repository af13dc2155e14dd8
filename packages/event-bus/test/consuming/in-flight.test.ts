import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Attempt, RecordAttempt } from '../../src/consuming/attempts/attempt.ts'
import { Delivery } from '../../src/consuming/delivery.ts'
import { InFlight } from '../../src/consuming/attempts/in-flight.ts'
import type { PartitionRun } from '../../src/consuming/partition.ts'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import { barePartition } from './bare-partition.ts'
import { ManualClock } from './manual-clock.ts'

const DEADLINE_MS = 100
const ABANDON_AFTER_MS = 50

type Step =
  | { readonly kind: 'start'; readonly partition: 0 | 1; readonly extendBeforeMs: number | null }
  | { readonly kind: 'extend'; readonly which: number; readonly ms: number }
  | { readonly kind: 'end'; readonly which: number }
  | { readonly kind: 'fence'; readonly partition: 0 | 1 }
  | { readonly kind: 'pass'; readonly ms: number }

const partition = fc.constantFrom(0 as const, 1 as const)
/** Counted from the attempt that started last: those that ended long ago have nothing to say. */
const which = fc.nat({ max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('start' as const),
      partition,
      extendBeforeMs: fc.option(fc.integer({ min: 1, max: 300 })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('extend' as const), which, ms: fc.integer({ min: -10, max: 300 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('end' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('fence' as const), partition }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }) },
)

/** What must be true of an attempt, kept without lists and timers. */
interface Model {
  readonly attempt: Attempt
  readonly partition: 0 | 1
  deadlineAtMs: number
  fencedAtMs: number | null
  hasEnded: boolean
}

class World {
  readonly clock = new ManualClock()
  readonly models: Model[] = []
  readonly abandoned = new Set<Attempt>()
  readonly inFlight = new InFlight({
    clock: this.clock,
    limits: { deadlineMs: DEADLINE_MS, abandonAfterMs: ABANDON_AFTER_MS, maxAbandoned: 1 },
    onAbandoned: (attempt) => void this.abandoned.add(attempt),
  })
  readonly #owners = [0, 1].map((number) => this.#owner(number))

  async run(next: Step): Promise<void> {
    const now = this.clock.monotonic()
    if (next.kind === 'pass') {
      await this.clock.advance(next.ms)
      this.#passModelTime()
    } else if (next.kind === 'start') {
      this.#start(next.partition, next.extendBeforeMs)
    } else if (next.kind === 'fence') {
      const owner = this.#owners[next.partition]
      if (owner !== undefined) this.inFlight.fence(owner)
      for (const model of this.models) {
        if (model.partition === next.partition && !model.hasEnded) model.fencedAtMs ??= now
      }
    } else {
      const model = this.models.at(-1 - next.which)
      if (model === undefined) return
      if (next.kind === 'end') {
        if (!model.hasEnded) this.inFlight.remove(model.attempt)
        model.hasEnded = true
      } else {
        // The context refuses a fenced attempt; whose handler has ended may still hold it.
        if (model.fencedAtMs !== null) return
        this.inFlight.extend(model.attempt, next.ms)
        model.deadlineAtMs = Math.max(model.deadlineAtMs, now + next.ms)
      }
    }
  }

  check(): void {
    const now = this.clock.monotonic()
    let abandoned = 0
    for (const { attempt, deadlineAtMs, fencedAtMs, hasEnded } of this.models) {
      expect(attempt.deadlineAtMs).toBe(deadlineAtMs)
      expect(attempt.signal.aborted).toBe(fencedAtMs !== null)
      expect(attempt.fencedBy !== null).toBe(fencedAtMs !== null)
      if (hasEnded) continue
      const isAbandoned = fencedAtMs !== null && now >= fencedAtMs + ABANDON_AFTER_MS
      expect(attempt.isAbandoned).toBe(isAbandoned)
      expect(this.abandoned.has(attempt)).toBe(isAbandoned)
      if (isAbandoned) abandoned += 1
    }
    expect(this.inFlight.abandoned).toBe(abandoned)
    const aborted = this.models.filter(
      ({ attempt, fencedAtMs, hasEnded }) => fencedAtMs !== null && !hasEnded && !attempt.isAbandoned,
    )
    expect(new Set(this.inFlight.aborted())).toEqual(new Set(aborted.map(({ attempt }) => attempt)))
  }

  #start(partition: 0 | 1, extendBeforeMs: number | null): void {
    const owner = this.#owners[partition]
    if (owner === undefined) return
    const record = { offset: 0n, timestamp: 0, key: null, value: null, headers: [] }
    const envelope = {
      id: 'id',
      type: 'order.placed',
      source: 'test',
      timestamp: new Date(0),
      traceId: 'a'.repeat(32),
      causationId: null,
      correlationId: null,
      subject: null,
      key: null,
      data: {},
      origin: { topic: 'orders', partition, recordOffset: 0n },
    }
    const span = createTelemetry().startAttempt({
      topic: 'orders',
      partition,
      recordOffset: 0n,
      group: 'g',
      clientId: 'c',
      eventType: null,
      eventId: null,
      attempt: 1,
      record: { headers: [] },
      traceId: null,
    })
    const now = this.clock.monotonic()
    const attempt = new RecordAttempt(new Delivery(owner, record, 0, 0), envelope, span, now, DEADLINE_MS)
    if (extendBeforeMs !== null) this.inFlight.extend(attempt, extendBeforeMs)
    this.inFlight.add(attempt)
    const deadlineAtMs = now + Math.max(DEADLINE_MS, extendBeforeMs ?? 0)
    this.models.push({ attempt, partition, deadlineAtMs, fencedAtMs: null, hasEnded: false })
  }

  #passModelTime(): void {
    for (const model of this.models) {
      if (!model.hasEnded && model.fencedAtMs === null && model.deadlineAtMs <= this.clock.monotonic()) {
        model.fencedAtMs = model.deadlineAtMs
      }
    }
  }

  #owner(number: number): PartitionRun {
    return barePartition({ clock: this.clock, partition: number })
  }
}

describe('attempts in flight', () => {
  it('are fenced exactly at their deadline, wherever it was moved, and abandoned exactly after their grace (I4)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60, size: 'max' }), async (steps) => {
        const world = new World()
        for (const next of steps) {
          await world.run(next)
          world.check()
        }
        world.inFlight.close()
      }),
      { numRuns: 200 },
    )
  })
})
