/** A cluster, a topic, a group and an oracle that believes nobody: it reads the logs and the committed offsets by itself. */
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '@tributary/embedded-kafka'
import {
  applyTopics,
  createEventBus,
  type Driver,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  type EventHandler,
  fixed,
  handle,
  headerText,
  planTopics,
  provenanceHeaderNames,
  type Subscription,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { expect, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { GROUP, orderPlaced } from './order-placed.ts'

export const TOPIC = orderPlaced.topic
const PATIENCE_MS = 8_000

export interface WorldOptions {
  readonly kafka?: EmbeddedKafkaOptions
  readonly partitions?: number
  /** Leaves the dead-letter topic out. */
  readonly withoutDeadLetterTopic?: boolean
}

export async function world(options: WorldOptions = {}): Promise<World> {
  const kafka = await startEmbeddedKafka({ autoCreateTopics: false, groupMinSessionTimeoutMs: 100, ...options.kafka })
  onTestFinished(() => kafka.close())
  const made = new World(kafka)
  const plan = planTopics({
    events: [orderPlaced],
    subscriptions: [defineSubscription({ group: GROUP, on: [handle(orderPlaced, () => {})] })],
    defaults: { partitions: options.partitions ?? 3, replicationFactor: options.kafka?.brokers ?? 1 },
  })
  await applyTopics(made.publisher.admin, plan)
  if (options.withoutDeadLetterTopic === true) await made.publisher.admin.deleteTopics([deadLetterTopic(TOPIC, GROUP)])
  return made
}

export class World {
  readonly kafka: EmbeddedKafka
  readonly publisher: EventBus
  /** Where each event lies whose handler came to its end while that counted, as often as it did. */
  readonly handled: string[] = []

  constructor(kafka: EmbeddedKafka) {
    this.kafka = kafka
    this.publisher = this.bus('publisher')
  }

  driver(): Driver {
    const driver = kafkajs({ brokers: this.kafka.bootstrapServers, requestTimeoutMs: 1_000, metadataMaxAgeMs: 500 })
    onTestFinished(() => driver.close())
    return driver
  }

  /** A process of its own, as far as Kafka can tell. */
  bus(source: string, driver = this.driver()): EventBus {
    const bus = createEventBus({ source, driver })
    onTestFinished(() => bus.close())
    return bus
  }

  /** A member of the group, quick to commit, to fail and to notice; joined when it resolves. */
  async member(
    handler: EventHandler<typeof orderPlaced>,
    options: Partial<SubscriptionOptions> = {},
    bus = this.bus('member'),
  ): Promise<Subscription> {
    const subscription = bus.subscribe(
      defineSubscription({
        group: GROUP,
        on: [
          handle(orderPlaced, async (event, ctx) => {
            await handler(event, ctx)
            if (!ctx.isFenced()) this.handled.push(placeOf(event.origin.partition, event.origin.recordOffset))
          }),
        ],
        // A few events are too few to tell an outage from poison by; `outages.test.ts` does.
        onFailure: { inPlace: { attempts: 3, backoff: fixed(20) }, outage: false },
        drainMs: 2_000,
        commit: { intervalMs: 50 },
        session: { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 15_000 },
        fetch: { maxWaitMs: 100 },
        ...options,
      }),
    )
    await subscription.ready
    return subscription
  }

  /** Orders numbered from `from`, in turn over `keys` keys. */
  async publish(count: number, options: { keys?: number; from?: number } = {}): Promise<void> {
    const { keys = 10, from = 0 } = options
    const items = Array.from({ length: count }, (_, index) => ({
      orderId: `order-${(from + index) % keys}`,
      n: from + index,
    }))
    await this.publisher.publishMany(orderPlaced, items)
  }

  /** Resolves when the group has committed everything that is on the topic. */
  async settled(timeout = PATIENCE_MS): Promise<void> {
    await vi.waitFor(() => expect(this.#uncommitted()).toEqual([]), { timeout, interval: 20 })
    this.checkNothingLost()
  }

  /** I1: every offset below what is committed was handled, or is in the dead-letter topic. */
  checkNothingLost(): void {
    const ends = new Set([...this.handled, ...this.deadLetters().map(({ place }) => place)])
    const lost = this.#places().filter(({ place, isCommitted }) => isCommitted && !ends.has(place))
    expect(lost).toEqual([])
  }

  /** How often events were handled beyond the first time. */
  get duplicates(): number {
    return this.handled.length - new Set(this.handled).size
  }

  /** What lies in the group's dead-letter topic, and where it came from. */
  deadLetters(): { place: string; reason: string | null; value: Buffer | null; key: Buffer | null }[] {
    const topic = deadLetterTopic(TOPIC, GROUP)
    return Array.from({ length: this.kafka.partitionCount(topic) }, (_, partition) =>
      this.kafka.log(topic, partition).map(({ headers, key, value }) => ({
        place: `${headerText(headers, provenanceHeaderNames.originPartition)}/${headerText(headers, provenanceHeaderNames.originOffset)}`,
        reason: headerText(headers, provenanceHeaderNames.reason),
        key,
        value,
      })),
    ).flat()
  }

  #places(): { place: string; isCommitted: boolean }[] {
    const committed = new Map(
      this.kafka.committed(GROUP).map(({ topic, partition, nextOffset }) => [`${topic}/${partition}`, nextOffset]),
    )
    return Array.from({ length: this.kafka.partitionCount(TOPIC) }, (_, partition) =>
      this.kafka.log(TOPIC, partition).map(({ offset }) => ({
        place: placeOf(partition, offset),
        isCommitted: offset < (committed.get(`${TOPIC}/${partition}`) ?? 0n),
      })),
    ).flat()
  }

  #uncommitted(): string[] {
    return this.#places().flatMap(({ place, isCommitted }) => (isCommitted ? [] : [place]))
  }
}

function placeOf(partition: number, offset: bigint): string {
  return `${partition}/${offset}`
}
