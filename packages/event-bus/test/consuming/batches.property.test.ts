/** Batches under random outcomes, failures and losses of their partition. The oracle knows what the handlers saw and said, and nothing of the engine. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { type BatchContext, handleBatch } from '../../src/consuming/definition/batch-handler.ts'
import { type HandlerContext, handle, skip } from '../../src/consuming/definition/handler.ts'
import { Reject } from '../../src/errors.ts'
import { defineEvent } from '../../src/events/define-event.ts'
import type { EventEnvelope } from '../../src/events/envelope.ts'
import { encodeEvent } from '../../src/events/event-codec.ts'
import { callHeaders, eventHeaders, typeHeader } from '../../src/events/headers.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { rawHeaders } from '../../src/raw-record.ts'
import { ManualClock } from './manual-clock.ts'
import { order, orderPlaced, type Rig, rig } from './rig.ts'
import { ScriptedDriver, type ScriptedPartition } from './scripted-driver.ts'

const ATTEMPTS = 3

const orderCancelled = defineEvent({
  type: 'order.cancelled',
  topic: 'orders',
  key: ({ orderId }) => orderId,
  schema: {
    type: 'record',
    name: 'OrderCancelled',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'n', type: 'int' },
    ],
  },
})

type Said = 'acked' | 'skipped' | 'failed' | 'rejected'
interface Manner {
  readonly how: 'nothing' | 'throws' | 'list'
  readonly each: readonly Said[]
  /** 0: synchronous. */
  readonly ms: number
}

const said = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Said>('acked') },
  { weight: 1, arbitrary: fc.constantFrom<Said>('skipped', 'rejected') },
  { weight: 2, arbitrary: fc.constant<Said>('failed') },
)
const manner: fc.Arbitrary<Manner> = fc.record({
  how: fc.constantFrom('nothing' as const, 'throws' as const, 'list' as const, 'list' as const),
  each: fc.array(said, { minLength: 8, maxLength: 8 }),
  ms: fc.constantFrom(0, 0, 5, 40),
})

type Step =
  | {
      readonly kind: 'deliver'
      readonly records: readonly { readonly key: string | null; readonly isSingle: boolean }[]
    }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'lose' }

const record = fc.record({
  key: fc.constantFrom('a', 'a', 'b', 'c', null),
  isSingle: fc.nat({ max: 5 }).map((number) => number === 0),
})
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({ kind: fc.constant('deliver' as const), records: fc.array(record, { maxLength: 12 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'lose' as const }) },
)

const settings = fc.record({
  by: fc.constantFrom('key' as const, 'partition' as const),
  order: fc.constantFrom('key' as const, 'partition' as const),
  maxRecords: fc.integer({ min: 1, max: 6 }),
  maxWaitMs: fc.constantFrom(0, 10, 50),
  concurrency: fc.integer({ min: 1, max: 4 }),
})
type Settings = typeof settings extends fc.Arbitrary<infer T> ? T : never

class World {
  readonly #clock = new ManualClock()
  readonly #driver = new ScriptedDriver()
  readonly #rig: Rig
  readonly #settings: Settings
  readonly #manners: Iterator<Manner>
  readonly #log: Partial<ReturnType<typeof order>>[] = []
  readonly #keys: (string | null)[] = []
  #partition: ScriptedPartition | null = null
  #epoch = 0
  /** Offsets that are done: acknowledged or given up, as far as handlers can know. */
  readonly #done = new Set<number>()
  /** Offsets that were acknowledged in this epoch. */
  #acked = new Set<number>()
  /** Offsets that failed in this epoch. */
  #failed = new Set<number>()
  readonly #running = new Set<string>()
  /** What handlers throw is an outcome for the engine: what they notice is kept until the end. */
  readonly #violations: unknown[] = []

  constructor(given: Settings, manners: Iterator<Manner>) {
    this.#settings = given
    this.#manners = manners
    const { by, maxRecords, maxWaitMs, order: kept, concurrency } = given
    this.#rig = rig(
      () => {},
      {
        on: [
          handleBatch(orderPlaced, { by, maxRecords, maxWaitMs }, (events, ctx) => this.#handleBatch(events, ctx)),
          handle(orderCancelled, (event, ctx) => this.#handleSingle(event, ctx)),
        ],
        order: kept,
        concurrency,
        onFailure: {
          inPlace: { attempts: ATTEMPTS, backoff: fixed(20) },
          outage: { probe: fixed(60), maxHoldMs: 500 },
        },
      },
      { clock: this.#clock, driver: this.#driver },
    )
  }

  async run(next: Step): Promise<void> {
    if (next.kind === 'pass') await this.#clock.advance(next.ms)
    else if (next.kind === 'lose') await this.#loseAndRegain()
    else {
      const partition = await this.#current()
      partition.deliver(next.records.map(({ key, isSingle }) => this.#append(key, isSingle)))
    }
  }

  /** Everything comes to its end, and is committed. */
  async comeToRest(): Promise<void> {
    await this.#current()
    await this.#clock.advance(60_000)
    if (this.#violations.length > 0) throw this.#violations[0]
    expect(this.#driver.committed(0) ?? 0n).toBe(BigInt(this.#log.length))
    expect(this.#rig.subscription.health()).toMatchObject({ inFlight: 0, lag: 0, oldestUnsettledMs: null })
  }

  async #current(): Promise<ScriptedPartition> {
    if (this.#partition !== null) return this.#partition
    const last = this.#driver.commits.findLast((commit) => commit.partition === 0)
    const committed = { nextOffset: last?.nextOffset ?? 0n, metadata: last?.metadata ?? '' }
    this.#epoch += 1
    this.#acked = new Set()
    this.#failed = new Set()
    this.#partition = await this.#driver.assign(0, { committed, logEndOffset: BigInt(this.#log.length) })
    this.#partition.deliver(this.#log.slice(Number(this.#partition.position)))
    return this.#partition
  }

  async #loseAndRegain(): Promise<void> {
    if (this.#partition === null) return
    this.#partition.lose()
    this.#partition = null
    await this.#clock.settle()
    await this.#current()
  }

  #append(key: string | null, isSingle: boolean): Partial<ReturnType<typeof order>> {
    const n = this.#log.length
    const meta = { id: `event-${n}`, traceId: 'a'.repeat(32), timestamp: new Date(0), source: 'test' }
    const made = isSingle
      ? {
          key: null,
          value: encodeEvent(orderCancelled, { orderId: 'x', n }, meta),
          headers: rawHeaders(eventHeaders(callHeaders({ ...meta, type: typeHeader(orderCancelled.type) }), meta.id)),
        }
      : order('x', n)
    const whole = { ...made, key: key === null ? null : Buffer.from(key) }
    this.#log.push(whole)
    this.#keys.push(key)
    return whole
  }

  #handleSingle(event: EventEnvelope<string, { n: number }>, ctx: HandlerContext): unknown {
    const { n } = event.data
    this.#begin([n])
    const { each, ms } = this.#next()
    const end = (): unknown => this.#end([n], () => ctx.attempt, [each[0] ?? 'acked'])[0]
    if (ms === 0) return thrownIfError(end())
    return this.#slowly(ms, ctx.signal, [n], () => thrownIfError(end()))
  }

  #handleBatch(events: readonly EventEnvelope<string, { n: number }>[], ctx: BatchContext): unknown {
    const offsets = events.map(({ data }) => data.n)
    this.#notice(() => this.#checkBatch(offsets))
    this.#begin(offsets)
    const { how, each, ms } = this.#next()
    const attemptOf = (index: number): number => {
      const event = events[index]
      return event === undefined ? 0 : ctx.for(event).attempt
    }
    const end = (): unknown => {
      const words = offsets.map(
        (_, index): Said => (how === 'list' ? (each[index] ?? 'acked') : how === 'throws' ? 'failed' : 'acked'),
      )
      const outcomes = this.#end(offsets, attemptOf, words)
      if (how === 'throws') throw new Error('as planned')
      return how === 'list' ? outcomes : undefined
    }
    return ms === 0 ? end() : this.#slowly(ms, ctx.signal, offsets, end)
  }

  #checkBatch(offsets: readonly number[]): void {
    const { by, maxRecords } = this.#settings
    expect(offsets.length).toBeGreaterThan(0)
    expect(offsets.length).toBeLessThanOrEqual(maxRecords)
    expect(offsets).toEqual(offsets.toSorted((one, other) => one - other))
    if (by === 'key') expect(new Set(offsets.map((offset) => this.#keys[offset])).size).toBe(1)
    // Whoever failed before is alone.
    if (offsets.some((offset) => this.#failed.has(offset))) expect(offsets).toHaveLength(1)
  }

  #notice(check: () => void): void {
    try {
      check()
    } catch (violation) {
      this.#violations.push(violation)
    }
  }

  /** I2: nothing of a lane runs beside or before what was there earlier, except behind it in one batch. */
  #begin(offsets: readonly number[]): void {
    this.#notice(() => {
      for (const [index, offset] of offsets.entries()) this.#checkOrder(offset, offsets.slice(0, index))
      for (const lane of this.#lanesOf(offsets)) expect(this.#running.has(lane), `lane ${lane} is free`).toBe(false)
    })
    for (const lane of this.#lanesOf(offsets)) this.#running.add(lane)
  }

  #checkOrder(offset: number, before: readonly number[]): void {
    expect(this.#acked.has(offset), `${offset} is acknowledged once`).toBe(false)
    const lane = this.#laneOf(offset)
    if (lane === null) return
    for (let other = 0; other < this.#keys.length; other += 1) {
      if (this.#laneOf(other) !== lane) continue
      if (other < offset && !this.#done.has(other)) expect(before, `${other} comes before ${offset}`).toContain(other)
      if (other > offset) expect(this.#acked.has(other), `${other} comes after ${offset}`).toBe(false)
    }
  }

  #end(offsets: readonly number[], attemptOf: (index: number) => number, words: readonly Said[]): unknown[] {
    for (const lane of this.#lanesOf(offsets)) this.#running.delete(lane)
    const held = new Set<string | null>()
    return offsets.map((offset, index) => {
      const word = words[index] ?? 'acked'
      const lane = this.#laneOf(offset)
      if (word === 'failed') {
        this.#failed.add(offset)
        if (attemptOf(index) < ATTEMPTS) held.add(lane)
        else this.#done.add(offset)
        return new Error('as planned')
      }
      if (word === 'rejected') {
        this.#done.add(offset)
        return new Reject('as planned')
      }
      if (lane === null || !held.has(lane)) {
        this.#done.add(offset)
        this.#acked.add(offset)
      }
      return word === 'skipped' ? skip('as planned') : undefined
    })
  }

  async #slowly(ms: number, signal: AbortSignal, offsets: readonly number[], end: () => unknown): Promise<unknown> {
    const epoch = this.#epoch
    const isAborted = await new Promise<boolean>((resolve) => {
      this.#clock.setTimer(() => resolve(false), ms)
      signal.addEventListener('abort', () => resolve(true), { once: true })
    })
    if (!isAborted && epoch === this.#epoch) return end()
    for (const lane of this.#lanesOf(offsets)) this.#running.delete(lane)
    return undefined
  }

  #next(): Manner {
    return this.#manners.next().value
  }

  #laneOf(offset: number): string | null {
    if (this.#settings.order === 'partition') return ''
    return this.#keys[offset] ?? null
  }

  #lanesOf(offsets: readonly number[]): Set<string> {
    return new Set(offsets.map((offset) => this.#laneOf(offset)).filter((lane) => lane !== null))
  }
}

function thrownIfError(outcome: unknown): unknown {
  if (outcome instanceof Error) throw outcome
  return outcome
}

it('keeps the order of keys within and between batches, settles each record once, and loses none (I1, I2, I6)', async () => {
  await fc.assert(
    fc.asyncProperty(
      settings,
      fc.array(step, { maxLength: 25, size: 'max' }),
      fc.infiniteStream(manner),
      async (given, steps, manners) => {
        const world = new World(given, manners)
        for (const next of steps) await world.run(next)
        await world.comeToRest()
      },
    ),
    { numRuns: Number(process.env['ENGINE_RUNS'] ?? 50) },
  )
})
