/** Retry topics among members that come and go, on virtual time: what is attempted when, against what is on the log. */
import {
  applyTopics,
  createEventBus,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  fixed,
  handle,
  headerText,
  planTopics,
  provenanceHeaderNames,
  retryTopic,
  retryTopics,
  type SubscriptionDefinition,
} from '@tributary/event-bus'
import { createVirtualClock, inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { orderPlaced, TOPIC } from './orders.ts'

const DELAYS_MS = [10_000, 300_000, 3_600_000]
const ATTEMPTS = 2 + DELAYS_MS.length

interface AttemptSeen {
  readonly group: string
  readonly n: number
  readonly attempt: number
  readonly topic: string
  readonly partition: number
  readonly recordOffset: bigint
  /** Milliseconds since the Unix epoch. */
  readonly at: number
}

class Scenario {
  readonly clock = createVirtualClock()
  readonly cluster = inMemoryCluster({ clock: this.clock })
  readonly attempts: AttemptSeen[] = []
  readonly #failures: readonly number[]
  readonly #publisher = this.bus()

  /** @param failures how often each event fails in each group, by its number */
  constructor(failures: readonly number[]) {
    this.#failures = failures
  }

  bus(): EventBus {
    return createEventBus({ source: 'shop', driver: inMemoryDriver({ cluster: this.cluster }), clock: this.clock })
  }

  definition(group: string, delaysMs = DELAYS_MS): SubscriptionDefinition {
    return defineSubscription({
      group,
      on: [
        handle(orderPlaced, ({ data: { n }, origin }, { attempt }) => {
          this.attempts.push({ group, n, attempt, ...origin, at: this.clock.now() })
          if (attempt <= (this.#failures[n] ?? 0)) throw new Error(`attempt ${attempt} fails as planned`)
        }),
      ],
      onFailure: {
        inPlace: { attempts: 2, backoff: fixed(50) },
        maxAgeMs: 7_200_000,
        outage: false,
        ...(delaysMs.length === 0 ? {} : { afterwards: retryTopics({ delaysMs, order: 'overtake' }) }),
      },
      commit: { intervalMs: 100 },
    })
  }

  async plan(...subscriptions: readonly SubscriptionDefinition[]): Promise<void> {
    const plan = planTopics({ subscriptions, defaults: { partitions: 3 } })
    await this.clock.advanceUntil(applyTopics(this.#publisher.admin, plan))
  }

  async publish(from: number, to: number): Promise<void> {
    const orders = Array.from({ length: to - from }, (_, index) => ({
      orderId: `key ${(from + index) % 7}`,
      n: from + index,
    }))
    await this.clock.advanceUntil(this.#publisher.publishMany(orderPlaced, orders))
  }

  /** By how much each attempt from a retry topic was late: less than 0 is early. */
  lateness(): number[] {
    return this.attempts.flatMap(({ group, topic, partition, recordOffset, at }) => {
      const delayMs = DELAYS_MS.find((candidate) => retryTopic(TOPIC, group, candidate) === topic)
      if (delayMs === undefined) return []
      const record = this.cluster.log(topic, partition).find(({ offset }) => offset === recordOffset)
      return record === undefined ? [] : [at - record.timestamp - delayMs]
    })
  }

  deadLetters(group: string): { readonly attempts: string | null; readonly reason: string | null }[] {
    return [0, 1, 2].flatMap((partition) =>
      this.cluster.log(deadLetterTopic(TOPIC, group), partition).map(({ headers }) => ({
        attempts: headerText(headers, provenanceHeaderNames.attempts),
        reason: headerText(headers, provenanceHeaderNames.reason),
      })),
    )
  }

  /** Whether the group has committed everything that it reads, to the end. */
  isDone({ group }: SubscriptionDefinition): boolean {
    const committed = new Map(
      this.cluster.committed(group).map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]),
    )
    const topics = [TOPIC, ...DELAYS_MS.map((delayMs) => retryTopic(TOPIC, group, delayMs))]
    return topics.every((topic) =>
      [0, 1, 2].every((partition) => {
        const end = (this.cluster.log(topic, partition).at(-1)?.offset ?? -1n) + 1n
        return end === 0n || committed.get(`${topic}/${partition}`) === end
      }),
    )
  }

  async close(...buses: readonly EventBus[]): Promise<void> {
    await this.clock.advanceUntil(Promise.all([...buses, this.#publisher].map((bus) => bus.close())))
  }
}

const failures = fc.array(fc.nat({ max: ATTEMPTS + 1 }), { minLength: 1, maxLength: 40 })

describe('retry topics', { timeout: 60_000 }, () => {
  it('attempt each record as often as it fails, never early and within a second, over delays up to an hour', async () => {
    await fc.assert(
      fc.asyncProperty(failures, fc.array(fc.nat({ max: 20_000 }), { maxLength: 6 }), async (list, pauses) => {
        const scenario = new Scenario(list)
        const [first, second] = [scenario.definition('inventory'), scenario.definition('email')]
        await scenario.plan(first, second)
        const bus = scenario.bus()
        bus.subscribe(first)
        bus.subscribe(second)
        const step = Math.ceil(list.length / (pauses.length + 1))
        for (let from = 0; from < list.length; from += step) {
          await scenario.publish(from, Math.min(list.length, from + step))
          await scenario.clock.advance(pauses[from / step] ?? 0)
        }
        await scenario.clock.advanceUntil(() => scenario.isDone(first) && scenario.isDone(second), 7_200_000)

        for (const group of ['inventory', 'email']) {
          for (const [n, failing] of list.entries()) {
            const numbers = scenario.attempts.filter((seen) => seen.group === group && seen.n === n)
            const expected = Array.from({ length: Math.min(failing + 1, ATTEMPTS) }, (_, index) => index + 1)
            expect(numbers.map(({ attempt }) => attempt)).toEqual(expected)
          }
          const lost = list.filter((failing) => failing >= ATTEMPTS)
          expect(scenario.deadLetters(group)).toEqual(
            lost.map(() => ({ attempts: String(ATTEMPTS), reason: 'attempts-exhausted' })),
          )
        }
        for (const late of scenario.lateness()) {
          expect(late).toBeGreaterThanOrEqual(0)
          expect(late).toBeLessThanOrEqual(1_000)
        }
        await scenario.close(bus)
        expect(scenario.clock.waitingTimers).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('are handed over in the wait: nothing is lost, early, or attempted twice, while members come and go', async () => {
    const step = fc.constantFrom('join', 'leave', 'pass')
    await fc.assert(
      fc.asyncProperty(failures, fc.array(step, { minLength: 3, maxLength: 12 }), async (list, steps) => {
        const scenario = new Scenario(list)
        const definition = scenario.definition('inventory')
        await scenario.plan(definition)
        const members: EventBus[] = []
        const join = (): void => {
          const bus = scenario.bus()
          members.push(bus)
          bus.subscribe(definition)
        }
        join()
        await scenario.publish(0, list.length)
        for (const next of steps) {
          if (next === 'join' && members.length < 3) join()
          const leaving = next === 'leave' && members.length > 1 ? members.shift() : undefined
          if (leaving !== undefined) await scenario.clock.advanceUntil(leaving.close())
          await scenario.clock.advance(4_321)
        }
        await scenario.clock.advanceUntil(() => scenario.isDone(definition), 7_200_000)
        for (const [n, failing] of list.entries()) {
          const numbers = scenario.attempts.filter((seen) => seen.n === n).map(({ attempt }) => attempt)
          expect(new Set(numbers).size).toBe(Math.min(failing + 1, ATTEMPTS))
        }
        // A hand-over at the very moment may begin an in-place attempt anew; from a retry topic each record is attempted once.
        const places = scenario.attempts.filter(({ topic }) => topic !== TOPIC)
        expect(new Set(places.map((seen) => `${seen.topic}/${seen.partition}/${seen.recordOffset}`)).size).toBe(
          places.length,
        )
        for (const late of scenario.lateness()) expect(late).toBeGreaterThanOrEqual(0)
        await scenario.close(...members)
        expect(scenario.clock.waitingTimers).toBe(0)
      }),
      { numRuns: 25 },
    )
  })

  it('let newer records of a key overtake the one that waits, and keep those that wait in line', async () => {
    const scenario = new Scenario([3, 3, 0])
    const definition = scenario.definition('inventory')
    await scenario.plan(definition)
    const bus = scenario.bus()
    bus.subscribe(definition)
    const orders = [0, 1, 2].map((n) => ({ orderId: 'same', n }))
    for (const order of orders) await scenario.clock.advanceUntil(bus.publish(orderPlaced, order))
    await scenario.clock.advanceUntil(() => scenario.isDone(definition))
    const last = (n: number): number => scenario.attempts.findLastIndex((seen) => seen.n === n)
    expect([last(2), last(0), last(1)]).toEqual([last(2), last(0), last(1)].toSorted((a, b) => a - b))
    await scenario.close(bus)
  })

  it('close in the middle of a wait of an hour, and go on after a restart, when it is due', async () => {
    const scenario = new Scenario([4])
    const definition = scenario.definition('inventory')
    await scenario.plan(definition)
    const before = scenario.bus()
    before.subscribe(definition)
    await scenario.publish(0, 1)
    await scenario.clock.advanceUntil(() => scenario.attempts.length === 4)
    await scenario.clock.advance(1_800_000)
    await scenario.clock.advanceUntil(before.close())
    await scenario.clock.advance(600_000)
    const after = scenario.bus()
    after.subscribe(definition)
    await scenario.clock.advanceUntil(() => scenario.isDone(definition))
    expect(scenario.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5])
    expect(scenario.lateness().every((late) => late >= 0 && late <= 250)).toBe(true)
    await scenario.close(after)
  })

  it.each([
    ['other delays', [20_000]],
    ['none any more', []],
  ])('of an older list of delays keep nothing when there are %s', async (_, delaysMs) => {
    const scenario = new Scenario([ATTEMPTS + 9, 3])
    const [old, current] = [scenario.definition('inventory'), scenario.definition('inventory', delaysMs)]
    await scenario.plan(old)
    const before = scenario.bus()
    before.subscribe(old)
    await scenario.publish(0, 2)
    await scenario.clock.advance(5_000)
    await scenario.clock.advanceUntil(before.close())
    expect(scenario.attempts).toHaveLength(4)

    await scenario.plan(current)
    const after = scenario.bus()
    after.subscribe(current)
    const attempts = (): number[] => scenario.attempts.filter(({ n }) => n === 1).map(({ attempt }) => attempt)
    await scenario.clock.advanceUntil(() => scenario.deadLetters('inventory').length === 1 && attempts().length >= 4)
    expect(attempts()).toEqual([1, 2, 3, 4])
    // What is empty may be deleted, while it is read.
    await scenario.clock.advanceUntil(after.admin.deleteTopics([retryTopic(TOPIC, 'inventory', 10_000)]))
    await scenario.publish(2, 3)
    await scenario.clock.advanceUntil(() => scenario.attempts.some(({ n }) => n === 2))
    await scenario.close(after)
  })

  it('are read by old and new members of a group side by side, each for itself', async () => {
    const scenario = new Scenario(Array.from({ length: 12 }, () => 2))
    const [old, current] = [scenario.definition('inventory', []), scenario.definition('inventory', [10_000])]
    await scenario.plan(current)
    const buses = [scenario.bus(), scenario.bus()]
    buses[0]?.subscribe(old)
    await scenario.clock.advance(1_000)
    buses[1]?.subscribe(current)
    await scenario.clock.advance(1_000)
    await scenario.publish(0, 12)
    await scenario.clock.advanceUntil(() => scenario.attempts.length + scenario.deadLetters('inventory').length === 36)
    const places = new Set(scenario.attempts.map(({ n, attempt }) => `${n} ${attempt}`))
    expect(places.size).toBe(scenario.attempts.length)
    await scenario.close(...buses)
  })
})
