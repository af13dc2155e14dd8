/** A key that waits on Apache Kafka: the others of its partition flow, and after a restart only what was not settled runs. */
import { randomUUID } from 'node:crypto'
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  type EventBus,
  fixed,
  handle,
  planTopics,
  type Subscription,
} from '@tributary/event-bus'
import { expect, it, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { orderPlacedOn } from './failure-matrix/order-placed.ts'

const FOLLOWERS = 3_000
const OTHERS = 27_000
const MAX_RECORDS = 500

class WaitingKey {
  readonly topic = `waiting-key-${randomUUID()}`
  readonly followers: number[] = []
  others = 0
  isStuck = true
  readonly #event = orderPlacedOn(this.topic)
  readonly #brokers = String(process.env['TRIBUTARY_REAL_KAFKA']).split(',')
  readonly publisher = this.#bus()

  get definition() {
    return defineSubscription({
      group: this.topic,
      on: [handle(this.#event, ({ data }) => this.#handle(data))],
      limits: { maxRecordsPerPartition: MAX_RECORDS },
      onFailure: { inPlace: { attempts: 1, backoff: fixed(500) }, afterwards: 'hold' },
      commit: { intervalMs: 200 },
    })
  }

  async publish(): Promise<void> {
    const defaults = { partitions: 1, replicationFactor: 1 }
    await applyTopics(
      this.publisher.admin,
      planTopics({ events: [this.#event], subscriptions: [this.definition], defaults }),
    )
    const share = (FOLLOWERS + OTHERS) / FOLLOWERS
    const items = Array.from({ length: FOLLOWERS + OTHERS }, (_, n) =>
      n % share === 0 ? { orderId: 'slow', n } : { orderId: `quick-${n % 300}`, n },
    )
    await this.publisher.publishMany(this.#event, items)
  }

  subscribe(): { bus: EventBus; subscription: Subscription } {
    const bus = this.#bus()
    return { bus, subscription: bus.subscribe(this.definition) }
  }

  async committed(): Promise<bigint | undefined> {
    return (await this.publisher.admin.committed(this.topic, this.topic))[0]?.nextOffset
  }

  #handle({ orderId, n }: { orderId: string; n: number }): void {
    if (orderId !== 'slow') this.others += 1
    else if (this.isStuck) throw new Error('the stock of this product is being counted')
    else this.followers.push(n)
  }

  #bus(): EventBus {
    const bus = createEventBus({ source: 'test', driver: kafkajs({ brokers: this.#brokers }) })
    onTestFinished(() => bus.close())
    return bus
  }
}

it('a waiting key lets the others of its partition pass, outlives a restart, and then runs in order, each record once', async () => {
  const world = new WaitingKey()
  await world.publish()
  const first = world.subscribe()
  await vi.waitFor(() => expect(world.others).toBe(OTHERS), { timeout: 40_000, interval: 50 })
  expect(first.subscription.health().degraded).toMatchObject([{ key: 'slow', followers: FOLLOWERS - 1 }])
  await first.bus.close()
  expect(await world.committed()).toBe(0n)

  const second = world.subscribe()
  await vi.waitFor(() => expect(second.subscription.health().degraded[0]?.followers).toBe(FOLLOWERS - 1), {
    timeout: 20_000,
    interval: 50,
  })
  expect(world.others).toBe(OTHERS)
  world.isStuck = false
  await vi.waitFor(() => expect(world.followers).toHaveLength(FOLLOWERS), { timeout: 40_000, interval: 50 })
  await second.bus.close()
  expect(world.followers).toEqual(world.followers.toSorted((a, b) => a - b))
  expect(world.others).toBe(OTHERS)
  expect(await world.committed()).toBe(BigInt(FOLLOWERS + OTHERS))
}, 120_000)
