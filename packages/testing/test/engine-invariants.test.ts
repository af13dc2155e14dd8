/**
 * The consumption engine among members that come, go and expire, handlers that fail, hang and take too long, and a cluster that refuses commits and dead
 * letters, on virtual time. The oracle reads the log and the committed offsets by itself.
 */
import {
  createEventBus,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  type EventEnvelope,
  fixed,
  type HandlerContext,
  handle,
  headerText,
  provenanceHeaderNames,
  Reject,
  redriveTopic,
  type SubscriptionDefinition,
} from '@tributary/event-bus'
import {
  type ActiveFault,
  createVirtualClock,
  type InMemoryCluster,
  inMemoryCluster,
  inMemoryDriver,
  type VirtualClock,
} from '@tributary/testing'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { orderPlaced, TOPIC } from './orders.ts'

const GROUP = 'inventory'
const PARTITIONS = 3
const DEADLINE_MS = 400

/** How the handler treats one event. */
interface Behaviour {
  readonly key: string
  readonly manner: 'at once' | 'slow' | 'fails' | 'rejects' | 'too slow' | 'deaf'
  readonly ms: number
}

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  manner: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom('at once', 'slow') },
    { weight: 1, arbitrary: fc.constantFrom('fails', 'rejects', 'too slow', 'deaf') },
  ),
  ms: fc.integer({ min: 1, max: 60 }),
})

type Step =
  | { readonly kind: 'publish'; readonly behaviours: readonly Behaviour[] }
  | { readonly kind: 'pass'; readonly ms: number }
  | { readonly kind: 'join' | 'leave' | 'pause' | 'resume' }
  | { readonly kind: 'expire'; readonly noticedAfterMs: number }
  | { readonly kind: 'refuse commits'; readonly isApplied: boolean; readonly times: number }
  | { readonly kind: 'refuse dead letters'; readonly how: 'transient' | 'unknown'; readonly times: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('publish' as const),
    behaviours: fc.array(behaviour, { minLength: 1, maxLength: 20 }),
  }),
  fc.record({ kind: fc.constant('pass' as const), ms: fc.integer({ min: 1, max: 1_500 }) }),
  fc.record({ kind: fc.constantFrom('join' as const, 'leave' as const, 'pause' as const, 'resume' as const) }),
  fc.record({ kind: fc.constant('expire' as const), noticedAfterMs: fc.constantFrom(0, 50, 2_000) }),
  fc.record({
    kind: fc.constant('refuse commits' as const),
    isApplied: fc.boolean(),
    times: fc.integer({ min: 1, max: 3 }),
  }),
  fc.record({
    kind: fc.constant('refuse dead letters' as const),
    how: fc.constantFrom('transient' as const, 'unknown' as const),
    times: fc.integer({ min: 1, max: 3 }),
  }),
)

class Scenario {
  readonly clock: VirtualClock = createVirtualClock()
  readonly cluster: InMemoryCluster
  readonly #behaviours: Behaviour[] = []
  readonly #members: { bus: EventBus; subscription: ReturnType<EventBus['subscribe']> }[] = []
  readonly #publisher: EventBus
  /** Places whose handler came to its end while that counted. */
  readonly #handled = new Set<string>()
  readonly #running = new Map<string, number>()
  readonly #faults: ActiveFault[] = []
  overlaps = 0
  /** Whether some member acted on a partition that was not its own any more: then two may run at once, and nobody can prevent it. */
  #wasThawed = false

  constructor() {
    this.cluster = inMemoryCluster({
      clock: this.clock,
      topics: { [TOPIC]: PARTITIONS, [deadLetterTopic(TOPIC, GROUP)]: 2, [redriveTopic(TOPIC, GROUP)]: PARTITIONS },
    })
    this.#publisher = this.#bus('publisher')
    this.join()
  }

  get #definition(): SubscriptionDefinition {
    return defineSubscription({
      group: GROUP,
      on: [handle(orderPlaced, (event, ctx) => this.#handle(event, ctx))],
      concurrency: 5,
      drainMs: 1_000,
      attempt: { deadlineMs: DEADLINE_MS, abandonAfterMs: 300 },
      onFailure: {
        inPlace: { attempts: 3, backoff: fixed(40) },
        outage: { probe: fixed(60), maxHoldMs: 500, maxPermits: 2 },
      },
      limits: { maxRecordsPerPartition: 12, maxUncommittedPerPartition: 40 },
      commit: { intervalMs: 100, maxSettled: 7 },
      session: { sessionTimeoutMs: 3_000, heartbeatIntervalMs: 300, rebalanceTimeoutMs: 15_000 },
    })
  }

  async run(next: Step): Promise<void> {
    const member = this.#members[0]
    switch (next.kind) {
      case 'publish':
        return this.#publish(next.behaviours)
      case 'pass':
        return this.clock.advance(next.ms)
      case 'join':
        if (this.#members.length < 3) this.join()
        return
      case 'leave':
        if (this.#members.length > 1) return this.#leave()
        return
      case 'pause':
        return member?.subscription.pause()
      case 'resume':
        return member?.subscription.resume()
      case 'expire': {
        const [memberId] = this.cluster.members(GROUP)
        if (next.noticedAfterMs > 0) this.#wasThawed = true
        if (memberId !== undefined) this.cluster.expireMember(GROUP, memberId, next.noticedAfterMs)
        return
      }
      case 'refuse commits':
        this.#faults.push(
          this.cluster.faults.failCommits({
            group: GROUP,
            outcome: 'failed',
            isApplied: next.isApplied,
            times: next.times,
          }),
        )
        return
      case 'refuse dead letters':
        this.#faults.push(
          this.cluster.faults.failAppends({ topic: deadLetterTopic(TOPIC, GROUP), kind: next.how, times: next.times }),
        )
        return
    }
  }

  join(): void {
    const bus = this.#bus('member')
    this.#members.push({ bus, subscription: bus.subscribe(this.#definition) })
  }

  /** Time passes without faults until all is committed. */
  async comeToRest(): Promise<void> {
    for (const fault of this.#faults) fault.clear()
    for (const { subscription } of this.#members) subscription.resume()
    await this.clock.advanceUntil(() => this.#unsettled().length === 0 && this.#isAllCommitted(), 120_000)
  }

  async close(): Promise<void> {
    await this.clock.advanceUntil(
      Promise.all([...this.#members.map(({ bus }) => bus.close()), this.#publisher.close()]),
      120_000,
    )
  }

  /** I1: every offset on the log below what is committed has a settlement by this group. */
  checkNothingLost(): void {
    const settled = this.#settled()
    for (const { topic, partition, nextOffset } of this.cluster.committed(GROUP)) {
      if (topic !== TOPIC) continue
      for (const { offset } of this.cluster.log(TOPIC, partition)) {
        if (offset < nextOffset)
          expect(settled, `${partition}/${offset} is committed`).toContain(`${partition}/${offset}`)
      }
    }
  }

  /** I2, as far as all members know what they own. */
  checkOrder(): void {
    if (!this.#wasThawed) expect(this.overlaps).toBe(0)
  }

  async #publish(behaviours: readonly Behaviour[]): Promise<void> {
    const items = behaviours.map((given) => ({ orderId: given.key, n: this.#behaviours.push(given) - 1 }))
    await this.clock.advanceUntil(this.#publisher.publishMany(orderPlaced, items))
  }

  async #leave(): Promise<void> {
    const [member] = this.#members.splice(0, 1)
    if (member !== undefined) await this.clock.advanceUntil(member.bus.close(), 60_000)
  }

  #bus(source: string): EventBus {
    return createEventBus({ source, driver: inMemoryDriver({ cluster: this.cluster }), clock: this.clock })
  }

  #handle(event: EventEnvelope<string, { n: number }>, ctx: HandlerContext): unknown {
    const given = this.#behaviours[event.data.n]
    if (given === undefined) throw new Reject('not of this test')
    const place = `${event.origin.partition}/${event.origin.recordOffset}`
    if (given.manner === 'rejects') throw new Reject('as planned')
    if (given.manner === 'fails') throw new Error('as planned')
    if (given.manner === 'at once') {
      this.#handled.add(place)
      return
    }
    return this.#handleSlowly(given, place, `${event.origin.partition}/${event.key}`, ctx)
  }

  async #handleSlowly(given: Behaviour, place: string, lane: string, ctx: HandlerContext): Promise<void> {
    const isObedient = given.manner !== 'deaf'
    if (isObedient) {
      const running = this.#running.get(lane) ?? 0
      if (running > 0) this.overlaps += 1
      this.#running.set(lane, running + 1)
    }
    const ms = given.manner === 'too slow' || given.manner === 'deaf' ? DEADLINE_MS * 3 : given.ms
    await new Promise<void>((resolve) => {
      this.clock.setTimer(resolve, ctx.attempt === 1 ? ms : given.ms)
      if (isObedient) ctx.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    if (isObedient) this.#running.set(lane, (this.#running.get(lane) ?? 1) - 1)
    if (!ctx.isFenced()) this.#handled.add(place)
  }

  #settled(): Set<string> {
    const settled = new Set(this.#handled)
    for (const partition of [0, 1]) {
      for (const { headers } of this.cluster.log(deadLetterTopic(TOPIC, GROUP), partition)) {
        const origin = headerText(headers, provenanceHeaderNames.originPartition)
        settled.add(`${origin}/${headerText(headers, provenanceHeaderNames.originOffset)}`)
      }
    }
    return settled
  }

  #unsettled(): string[] {
    const settled = this.#settled()
    return this.#places().filter((place) => !settled.has(place))
  }

  #places(): string[] {
    return Array.from({ length: PARTITIONS }, (_, partition) =>
      this.cluster.log(TOPIC, partition).map(({ offset }) => `${partition}/${offset}`),
    ).flat()
  }

  #isAllCommitted(): boolean {
    const committed = new Map(
      this.cluster
        .committed(GROUP)
        .flatMap(({ topic, partition, nextOffset }) => (topic === TOPIC ? [[partition, nextOffset]] : [])),
    )
    return Array.from({ length: PARTITIONS }, (_, partition) => this.cluster.log(TOPIC, partition).at(-1)).every(
      (last, partition) => last === undefined || committed.get(partition) === last.offset + 1n,
    )
  }
}

it('loses nothing and keeps the order of keys, whatever members, handlers and the cluster do (I1, I2, I6)', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const scenario = new Scenario()
      for (const next of steps) {
        await scenario.run(next)
        scenario.checkNothingLost()
      }
      await scenario.comeToRest()
      scenario.checkNothingLost()
      scenario.checkOrder()
      await scenario.close()
    }),
    { numRuns: Number(process.env['ENGINE_RUNS'] ?? 40) },
  )
})
