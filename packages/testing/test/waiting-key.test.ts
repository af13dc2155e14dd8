/** One key waits for an hour, on virtual time, and the rest of its partition knows nothing of it. */
import {
  createEventBus,
  deadLetterTopic,
  defineSubscription,
  type EventBus,
  fixed,
  handle,
  type Logger,
  redriveTopic,
  type Subscription,
} from '@tributary/event-bus'
import { createVirtualClock, inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { orderPlaced, TOPIC } from './orders.ts'

const GROUP = 'inventory'
const MINUTE_MS = 60_000

/** Others for each follower of the waiting key. */
const OTHERS = 10
/** 50 makes it 50,000 followers among 500,000 others. */
const SCALE = Number(process.env['WAITING_KEY_SCALE'] ?? 3)

class Shop {
  readonly clock = createVirtualClock()
  readonly cluster = inMemoryCluster({
    clock: this.clock,
    topics: { [deadLetterTopic(TOPIC, GROUP)]: 1, [redriveTopic(TOPIC, GROUP)]: 1 },
  })
  /** What was handled, in its order. */
  readonly handled: { orderId: string; n: number }[] = []
  readonly errors: { fields: object; message: string }[] = []
  readonly warnings: object[] = []
  isStuck = true
  /** The waiting key's handler does not end, rather than fail. */
  isHanging = false
  #published = 0
  readonly #publisher: EventBus
  readonly members: { bus: EventBus; subscription: Subscription }[] = []

  readonly #maxRecordsPerPartition: number

  readonly #handlerMs: number

  constructor(maxRecordsPerPartition = 200, configs: Record<string, string> = {}, handlerMs = 0) {
    this.#handlerMs = handlerMs
    this.cluster.createTopic(TOPIC, 1, configs)
    this.#maxRecordsPerPartition = maxRecordsPerPartition
    this.#publisher = this.#bus('publisher')
    this.join()
  }

  join(): void {
    const bus = this.#bus('member')
    const subscription = bus.subscribe(
      defineSubscription({
        group: GROUP,
        limits: { maxRecordsPerPartition: this.#maxRecordsPerPartition },
        on: [handle(orderPlaced, ({ data }) => this.#handle(data))],
        onFailure: {
          inPlace: { attempts: 2, backoff: fixed(MINUTE_MS) },
          afterwards: 'hold',
          maxAgeMs: 120 * MINUTE_MS,
        },
      }),
    )
    this.members.push({ bus, subscription })
  }

  get subscription(): Subscription {
    const member = this.members.at(-1)
    if (member === undefined) throw new Error('nobody is subscribed')
    return member.subscription
  }

  /** For each follower of the waiting key some others. */
  async publish(followers: number): Promise<void> {
    const items = Array.from({ length: followers }, () => {
      const n = this.#published++
      const others = Array.from({ length: OTHERS }, (_, index) => ({ orderId: `quick-${index}-${n % 500}`, n }))
      return [{ orderId: 'slow', n }, ...others]
    }).flat()
    await this.clock.advanceUntil(this.#publisher.publishMany(orderPlaced, items))
  }

  /** So many others, and among a hundred records so many of the waiting key. Nothing is handled before `timeUntil`. */
  async publishAll(others: number, share: number): Promise<void> {
    this.subscription.pause()
    const items: { orderId: string; n: number }[] = []
    for (let n = 0; n < others; n += 1) {
      for (let due = (n * share) / (100 - share); due >= items.length - n; ) items.push({ orderId: 'slow', n })
      items.push({ orderId: `quick-${n % 1_000}`, n })
    }
    await this.clock.advanceUntil(this.#publisher.publishMany(orderPlaced, items.slice(share === 0 ? 1 : 0)))
  }

  /** Milliseconds until so many others are handled. */
  async timeUntil(others: number): Promise<number> {
    const startedAt = this.clock.monotonic()
    this.subscription.resume()
    await this.clock.advanceUntil(() => this.handled.length === others)
    return this.clock.monotonic() - startedAt
  }

  get followers(): number[] {
    return this.handled.filter(({ orderId }) => orderId === 'slow').map(({ n }) => n)
  }

  get others(): number {
    return this.handled.length - this.followers.length
  }

  get nextOffset(): bigint | undefined {
    return this.cluster.committed(GROUP).find(({ topic }) => topic === TOPIC)?.nextOffset
  }

  get metadata(): string {
    return this.cluster.committed(GROUP).find(({ topic }) => topic === TOPIC)?.metadata ?? ''
  }

  /** Everything on the log is committed. */
  async comeToRest(): Promise<void> {
    await this.clock.advanceUntil(
      () => this.nextOffset === BigInt(this.cluster.log(TOPIC, 0).at(-1)?.offset ?? -1n) + 1n,
    )
  }

  async close(): Promise<void> {
    const buses = [this.#publisher, ...this.members.map(({ bus }) => bus)]
    await this.clock.advanceUntil(Promise.all(buses.map((bus) => bus.close())))
  }

  #handle(data: { orderId: string; n: number }): void | Promise<void> {
    if (this.isHanging && data.orderId === 'slow') return new Promise(() => {})
    if (this.#handlerMs > 0) {
      return new Promise((resolve) => {
        this.clock.setTimer(() => {
          this.handled.push(data)
          resolve()
        }, this.#handlerMs)
      })
    }
    if (this.isStuck && data.orderId === 'slow') throw new Error('the stock of this product is being counted')
    this.handled.push(data)
  }

  #bus(source: string): EventBus {
    const logger: Logger = {
      debug: () => {},
      info: () => {},
      warn: (fields) => void this.warnings.push(fields),
      error: (fields, message) => void this.errors.push({ fields, message }),
      child: () => logger,
    }
    return createEventBus({ source, driver: inMemoryDriver({ cluster: this.cluster }), clock: this.clock, logger })
  }
}

const ascending = (count: number): number[] => Array.from({ length: count }, (_, n) => n)

describe('a key that waits for an hour', () => {
  it('stops nobody, takes a line in the commit, and then has its followers handled in order, each once', async () => {
    const shop = new Shop(2_000)
    const slices = 20 * SCALE
    for (let slice = 1; slice <= slices; slice += 1) {
      await shop.publish(50)
      await shop.clock.advance((60 * MINUTE_MS) / slices)
      expect(shop.others).toBe(slice * 50 * OTHERS)
    }
    const count = slices * 50
    expect(shop.followers).toEqual([])
    expect(shop.nextOffset).toBe(0n)
    expect(shop.metadata.length).toBeLessThan(60)
    expect(shop.subscription.health().degraded).toMatchObject([
      { topic: TOPIC, partition: 0, recordOffset: 0n, key: 'slow', followers: count - 1 },
    ])

    shop.isStuck = false
    await shop.comeToRest()
    expect(shop.followers).toEqual(ascending(count))
    expect(shop.others).toBe(count * OTHERS)
    expect(shop.subscription.health().degraded).toEqual([])
    await shop.close()
  }, 120_000)

  // Virtual time: what is compared is how long the partition takes, whatever else the machine does.
  it.each([5, 50])(
    'leaves the others 95 % of their throughput, with %i of 100 records its own',
    async (share) => {
      const free = new Shop(2_000, {}, 10)
      const stuck = new Shop(2_000, {}, 10)
      stuck.isHanging = true
      await free.publishAll(20_000, 0)
      const freeMs = await free.timeUntil(20_000)
      await stuck.publishAll(20_000, share)
      const stuckMs = await stuck.timeUntil(20_000)
      expect(freeMs / stuckMs).toBeGreaterThan(0.95)
      await Promise.all([free.close(), stuck.close()])
    },
    120_000,
  )

  it('has nothing run again that was settled, when the member crashes again and again', async () => {
    const shop = new Shop()
    for (let crash = 1; crash <= 4; crash += 1) {
      await shop.publish(400)
      // A look finds the key slow, and the last commit is a while ago.
      await shop.clock.advance(5_000)
      const [memberId = ''] = shop.cluster.members(GROUP)
      shop.cluster.expireMember(GROUP, memberId)
      await shop.clock.advance(5_000)
      expect(shop.others).toBe(crash * 400 * OTHERS)
    }
    shop.isStuck = false
    await shop.comeToRest()
    expect(shop.followers).toEqual(ascending(1_600))
    expect(shop.others).toBe(1_600 * OTHERS)
    await shop.close()
  }, 60_000)

  it('goes to the next owner with all who wait for it', async () => {
    const shop = new Shop()
    await shop.publish(400)
    await shop.clock.advance(5_000)
    await shop.publish(100)
    await shop.clock.advance(1_000)
    shop.join()
    const [first] = shop.members
    await shop.clock.advance(10_000)
    await shop.clock.advanceUntil(first?.bus.close() ?? Promise.resolve())
    await shop.publish(100)
    await shop.clock.advance(1_000)
    expect(shop.followers).toEqual([])
    shop.isStuck = false
    await shop.comeToRest()
    expect(shop.followers).toEqual(ascending(600))
    expect(shop.others).toBe(600 * OTHERS)
    await shop.close()
  }, 60_000)

  it('whose followers cannot be read again for a while waits on, and health says why', async () => {
    const shop = new Shop()
    await shop.publish(500)
    await shop.clock.advance(5_000)
    const fault = shop.cluster.faults.failRangeReads({ topic: TOPIC })
    shop.isStuck = false
    await shop.clock.advance(10 * MINUTE_MS)
    expect(shop.followers).toEqual([0])
    expect(shop.subscription.health().degraded).toMatchObject([{ key: 'slow', followers: 499 }])
    expect(shop.subscription.health().degraded[0]?.reason).toContain('CLUSTER_UNAVAILABLE')
    fault.clear()
    await shop.comeToRest()
    expect(shop.followers).toEqual(ascending(500))
    await shop.close()
  }, 60_000)

  it('has followers that the log loses settled as expired, and the log of the service names each', async () => {
    const shop = new Shop()
    await shop.publish(500)
    await shop.clock.advance(5_000)
    const [, , second, third] = shop.cluster.log(TOPIC, 0).filter(({ key }) => key?.toString() === 'slow')
    shop.cluster.removeRecord(TOPIC, 0, third?.offset ?? -1n)
    shop.cluster.truncateBefore(TOPIC, 0, second?.offset ?? -1n)
    shop.isStuck = false
    await shop.comeToRest()
    expect(shop.followers).toEqual(ascending(500).filter((n) => n !== 1 && n !== 3))
    expect(shop.errors.map(({ fields }) => fields)).toEqual([
      { topic: TOPIC, partition: 0, recordOffset: 11n, key: 'slow' },
      { topic: TOPIC, partition: 0, recordOffset: 33n, key: 'slow' },
    ])
    await shop.close()
  }, 60_000)
})

describe('a topic that keeps records for a short time', () => {
  it.each([
    ['3600000', 'delete', ['RETENTION_TOO_SHORT']],
    ['14400000', 'delete', []],
    ['-1', 'delete', []],
    ['3600000', 'compact', []],
  ])('of %s ms with policy %s is warned of when the group has been joined: %j', async (retention, policy, codes) => {
    const shop = new Shop(200, { 'retention.ms': retention, 'cleanup.policy': policy })
    await shop.clock.advance(1_000)
    expect(shop.warnings.map((fields) => ('code' in fields ? fields.code : fields))).toEqual(codes)
    await shop.close()
  })
})
