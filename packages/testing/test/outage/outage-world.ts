/** A subscription whose handler depends on something that can be away, on virtual time. The logs say what became of the events. */
import {
  createEventBus,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  type FailurePolicy,
  fixed,
  handle,
  headerText,
  provenanceHeaderNames,
  redriveTopic,
  type Subscription,
  type SubscriptionDefinition,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import {
  createVirtualClock,
  type InMemoryCluster,
  inMemoryCluster,
  inMemoryDriver,
  type VirtualClock,
} from '@tributary/testing'
import { onTestFinished } from 'vitest'
import { orderCancelled, orderPlaced, TOPIC } from '../orders.ts'

const GROUP = 'inventory'
const PARTITIONS = 3

/** Attempts that are over long before any outage is. */
export const hasty: FailurePolicy = { inPlace: { attempts: 3, backoff: fixed(50) } }

export const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

export interface OutageWorldOptions {
  readonly onFailure?: FailurePolicy
  readonly subscription?: Partial<SubscriptionOptions>
  /** Throws to fail. Called at each attempt at an `order.placed`, before the event counts as handled. */
  readonly work?: (n: number, world: OutageWorld) => unknown
}

export class OutageWorld {
  readonly clock: VirtualClock = createVirtualClock()
  readonly cluster: InMemoryCluster
  /** When each `order.placed` was handled, by its number, in milliseconds since the start. */
  readonly handledAt = new Map<number, number>()
  readonly cancelledAt = new Map<number, number>()
  attempts = 0
  /** Whether what the handler depends on is there. */
  isUp = true
  readonly subscription: Subscription
  readonly #publisher: EventBus
  readonly #member: EventBus
  readonly #others: EventBus[] = []
  readonly #definition: SubscriptionDefinition

  constructor({ onFailure = {}, subscription = {}, work = needsDependency }: OutageWorldOptions = {}) {
    const { clock } = this
    this.cluster = inMemoryCluster({
      clock,
      topics: { [TOPIC]: PARTITIONS, [deadLetterTopic(TOPIC, GROUP)]: 1, [redriveTopic(TOPIC, GROUP)]: PARTITIONS },
    })
    this.#publisher = this.#bus('publisher')
    this.#member = this.#bus('member')
    const definition = defineSubscription({
      group: GROUP,
      on: [
        handle(orderPlaced, async ({ data }) => {
          this.attempts += 1
          await this.sleep(5)
          await work(data.n, this)
          this.handledAt.set(data.n, clock.monotonic())
        }),
        handle(orderCancelled, ({ data }) => void this.cancelledAt.set(data.n, clock.monotonic())),
      ],
      onFailure,
      ...subscription,
    })
    this.#definition = definition
    this.subscription = this.#member.subscribe(definition)
    onTestFinished(() => this.close())
  }

  /** The numbers of the events in the dead-letter topic. */
  get deadLetters(): number[] {
    return this.#letters().map(({ n }) => n)
  }

  get heldMs(): (string | null)[] {
    return this.#letters().map(({ headers }) => headerText(headers, provenanceHeaderNames.heldMs))
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.setTimer(resolve, ms))
  }

  /** Publishes `count` orders numbered from `from`, each with a key of its own, evenly over `overMs`. */
  async publish(count: number, overMs: number, from = 0): Promise<void> {
    const steps = Math.min(count, Math.max(1, Math.round(overMs / 100)))
    let published = 0
    for (let step = 1; step <= steps; step += 1) {
      const upTo = Math.round((count * step) / steps)
      const items = Array.from({ length: upTo - published }, (_, index) => {
        const n = from + published + index
        return { orderId: `order-${n}`, n }
      })
      published = upTo
      await this.clock.advanceUntil(this.#publisher.publishMany(orderPlaced, items))
      await this.clock.advance(overMs / steps)
    }
  }

  async cancel(n: number): Promise<void> {
    await this.clock.advanceUntil(this.#publisher.publish(orderCancelled, { orderId: `order-${n}`, n }))
  }

  /** Time passes until each of the first `count` orders is handled or given up. Answers how long that took. */
  async settled(count: number, withinMs = 600_000): Promise<number> {
    const startedAt = this.clock.monotonic()
    await this.clock.advanceUntil(() => this.handledAt.size + this.#letterCount() >= count, withinMs)
    return this.clock.monotonic() - startedAt
  }

  /** A second process of the same group. */
  join(): void {
    const other = this.#bus('other')
    other.subscribe(this.#definition)
    this.#others.push(other)
  }

  async close(): Promise<void> {
    const buses = [this.#member, this.#publisher, ...this.#others]
    await this.clock.advanceUntil(Promise.all(buses.map((bus) => bus.close())))
  }

  #bus(source: string): EventBus {
    return createEventBus({ source, driver: inMemoryDriver({ cluster: this.cluster }), clock: this.clock })
  }

  #letterCount(): number {
    return this.cluster.log(deadLetterTopic(TOPIC, GROUP), 0).length
  }

  #letters() {
    return this.cluster.log(deadLetterTopic(TOPIC, GROUP), 0).map(({ headers, key: orderId }) => {
      return { n: Number(orderId?.toString().slice('order-'.length)), headers }
    })
  }
}

function needsDependency(_n: number, { isUp }: { isUp: boolean }): void {
  if (!isUp) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
}
