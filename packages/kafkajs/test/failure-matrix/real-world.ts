/** A topic and a group of their own on Apache Kafka, members in this process, and an oracle that reads logs and committed offsets beside them. */
import { randomUUID } from 'node:crypto'
import {
  applyTopics,
  createEventBus,
  type Driver,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  type EventHandler,
  handle,
  planTopics,
  type Subscription,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { expect, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { orderPlacedOn } from './order-placed.ts'

const brokers = (): string[] => String(process.env['TRIBUTARY_REAL_KAFKA']).split(',')

export class RealWorld {
  /** The name of the topic, and of the group that reads it. */
  readonly name = `matrix-${randomUUID()}`
  readonly event = orderPlacedOn(this.name)
  readonly publisher = this.bus('publisher')
  /** The numbers of the orders whose handlers came to their end. */
  readonly handled: number[] = []

  driver(): Driver {
    const driver = kafkajs({ brokers: brokers() })
    onTestFinished(() => driver.close())
    return driver
  }

  bus(source: string, driver = this.driver()): EventBus {
    const bus = createEventBus({ source, driver })
    onTestFinished(() => bus.close())
    return bus
  }

  async createTopics(partitions: number): Promise<void> {
    const subscription = defineSubscription({ group: this.name, on: [handle(this.event, () => {})] })
    const plan = planTopics({ subscriptions: [subscription], defaults: { partitions, replicationFactor: 1 } })
    await applyTopics(this.publisher.admin, plan)
  }

  /** Joined when it resolves. */
  async member(
    handler: EventHandler<typeof this.event>,
    options: Partial<SubscriptionOptions> = {},
    bus = this.bus('member'),
  ): Promise<Subscription> {
    const subscription = bus.subscribe(
      defineSubscription({
        group: this.name,
        on: [
          handle(this.event, async (event, ctx) => {
            await handler(event, ctx)
            if (!ctx.isFenced()) this.handled.push(event.data.n)
          }),
        ],
        commit: { intervalMs: 200 },
        session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 300 },
        fetch: { maxWaitMs: 100 },
        ...options,
      }),
    )
    await subscription.ready
    return subscription
  }

  /** Orders numbered from `from`, in turn over `keys` keys. */
  async publish(count: number, { from = 0, keys = 60 }: { from?: number; keys?: number } = {}): Promise<void> {
    const items = Array.from({ length: count }, (_, index) => ({
      orderId: `order-${(from + index) % keys}`,
      n: from + index,
    }))
    await this.publisher.publishMany(this.event, items)
  }

  /** Resolves when the group has committed everything that is on the topic. */
  async settled(timeout = 30_000): Promise<void> {
    await vi.waitFor(async () => expect(await this.#uncommitted()).toBe(0n), { timeout, interval: 100 })
  }

  /** The keys of what lies in the group's dead-letter topic. */
  async deadLetterKeys(): Promise<string[]> {
    const { admin } = this.publisher
    const topic = deadLetterTopic(this.name, this.name)
    const keys: string[] = []
    for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic)) {
      for await (const chunk of admin.readRange({ topic, partition }, logStartOffset, logEndOffset))
        keys.push(...Array.from(chunk.records, ({ key }) => String(key)))
    }
    return keys
  }

  async #uncommitted(): Promise<bigint> {
    const { admin } = this.publisher
    const committed = new Map(
      (await admin.committed(this.name, this.name)).map(({ partition, nextOffset }) => [partition, nextOffset]),
    )
    const offsets = await admin.offsets(this.name)
    return offsets.reduce(
      (sum, { partition, logEndOffset }) => sum + logEndOffset - (committed.get(partition) ?? 0n),
      0n,
    )
  }
}

export async function realWorld(partitions: number): Promise<RealWorld> {
  const world = new RealWorld()
  await world.createTopics(partitions)
  return world
}
