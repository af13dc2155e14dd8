import {
  type AnyEventDefinition,
  applyTopics,
  type BatchRegistration,
  createEventBus,
  deadLetterTopic,
  defineEvent,
  defineSubscription,
  type EventBus,
  type EventDefinition,
  fixed,
  type HandlerRegistration,
  planTopics,
  type RawRecord,
  redriveTopic,
  type SubscriptionDefinition,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { DriverBench, type DriverHarness } from './driver-bench.ts'

const placedSchema = {
  type: 'record',
  name: 'Placed',
  namespace: 'conformance',
  fields: [
    { name: 'key', type: 'string' },
    { name: 'number', type: 'int' },
  ],
} as const

/** The event of these tests: numbered, with a key. */
export type Placed = EventDefinition<string, typeof placedSchema>

type Registration = HandlerRegistration | BatchRegistration

/** What one test of the bus works with: topics and groups of its own, buses that are closed afterwards. */
export class BusBench {
  readonly driverBench: DriverBench
  readonly #partitions: number
  readonly #replicationFactor: number
  readonly #buses: EventBus[] = []

  constructor(harness: DriverHarness, replicationFactor: number, partitions = 3) {
    this.driverBench = new DriverBench(harness, replicationFactor)
    this.#replicationFactor = replicationFactor
    this.#partitions = partitions
  }

  /** An event whose key is part of its data; on a topic of its own unless one is given. */
  event(type = 'placed', topic = this.driverBench.name('topic')): Placed {
    return defineEvent({ type, topic, key: ({ key }) => key, schema: placedSchema })
  }

  /** A subscription in a group of its own, quick to fail, to commit and to close. */
  subscription(
    on: Registration | readonly Registration[],
    options: Partial<SubscriptionOptions> = {},
  ): SubscriptionDefinition {
    return defineSubscription({
      group: this.driverBench.name('group'),
      on: 'event' in on ? [on] : on,
      // A few events on a topic of their own are too few to tell an outage from poison by.
      onFailure: { inPlace: { attempts: 3, backoff: fixed(20) }, outage: false },
      drainMs: 3_000,
      commit: { intervalMs: 50 },
      session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 300, rebalanceTimeoutMs: 20_000 },
      fetch: { maxWaitMs: 200 },
      ...options,
    })
  }

  /** Creates what these need. */
  async ensureTopics(
    events: readonly AnyEventDefinition[],
    subscriptions: readonly SubscriptionDefinition[],
  ): Promise<void> {
    const defaults = { partitions: this.#partitions, replicationFactor: this.#replicationFactor }
    await applyTopics(this.driverBench.admin, planTopics({ events, subscriptions, defaults }))
  }

  bus(source = 'conformance'): EventBus {
    const bus = createEventBus({ source, driver: this.driverBench.harness.driver() })
    this.#buses.push(bus)
    return bus
  }

  /** Topics for these subscriptions, and a bus on which all of them are ready. */
  async running(...subscriptions: readonly SubscriptionDefinition[]): Promise<EventBus> {
    await this.ensureTopics([], subscriptions)
    const bus = this.bus()
    await Promise.all(subscriptions.map((subscription) => bus.subscribe(subscription).ready))
    return bus
  }

  /** The log of a topic over all partitions. */
  async log(topic: string): Promise<RawRecord[]> {
    const offsets = await this.driverBench.admin.offsets(topic)
    const logs = await Promise.all(offsets.map(({ partition }) => this.driverBench.log(topic, partition)))
    return logs.flat()
  }

  deadLetters({ topic }: Placed, { group }: SubscriptionDefinition): Promise<RawRecord[]> {
    return this.log(deadLetterTopic(topic, group))
  }

  /** Appends to the group's redrive topic, as a redrive does. */
  async redrive({ topic }: Placed, { group }: SubscriptionDefinition, record: RawRecord): Promise<void> {
    const { key, value, headers, timestamp } = record
    await this.driverBench.producer.append(
      { topic: redriveTopic(topic, group), partition: 0 },
      [{ key, value, headers, timestamp }],
      { timeoutMs: 15_000 },
    )
  }

  /** How many records of a topic the group has committed. */
  async committedCount({ topic }: Placed, { group }: SubscriptionDefinition): Promise<bigint> {
    const committed = await this.driverBench.admin.committed(group, topic)
    return committed.reduce((sum, { nextOffset }) => sum + nextOffset, 0n)
  }

  async close(): Promise<void> {
    await Promise.all(this.#buses.map((bus) => bus.close()))
    await this.driverBench.close()
  }
}
