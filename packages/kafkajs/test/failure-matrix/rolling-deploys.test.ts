/** Two versions of a service in one group: the newer one reads a topic more. */
import {
  applyTopics,
  defineEvent,
  defineSubscription,
  handle,
  planTopics,
  type Subscription,
  type SubscriptionDefinition,
  type SubscriptionOptions,
} from '@tributary/event-bus'
import { describe, expect, it, vi } from 'vitest'
import { GROUP, orderPlaced } from './order-placed.ts'
import { type World, world } from './world.ts'

const PATIENCE = { timeout: 10_000, interval: 10 }

const billSent = defineEvent({
  type: 'bill.sent',
  topic: 'bills',
  key: (bill) => bill.billId,
  schema: { type: 'record', name: 'BillSent', namespace: 'shop', fields: [{ name: 'billId', type: 'string' }] },
})

const quick: Partial<SubscriptionOptions> = {
  drainMs: 2_000,
  commit: { intervalMs: 50 },
  session: { sessionTimeoutMs: 2_000, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 15_000 },
  fetch: { maxWaitMs: 100 },
}

/** The members of a group in the order in which they were started, and what each has handled. */
class Deploy {
  readonly world: World
  readonly handled: string[] = []
  readonly failures: Error[] = []
  readonly #running = new Map<string, Subscription>()
  #published = 0

  constructor(w: World) {
    this.world = w
  }

  async start(member: string, definition: SubscriptionDefinition): Promise<void> {
    const subscription = this.world.bus(member).subscribe(definition)
    void subscription.failed.then((error) => this.failures.push(error))
    this.#running.set(member, subscription)
    await subscription.ready
  }

  async stop(member: string): Promise<void> {
    await this.#running.get(member)?.close()
  }

  /** Publishes of both events, or of orders only, and resolves with what was published. */
  async publish(...events: readonly ('order' | 'bill')[]): Promise<string[]> {
    const names: string[] = []
    for (const event of events) {
      for (let index = 0; index < 12; index += 1) {
        const n = this.#published
        this.#published += 1
        names.push(`${event} ${n}`)
        if (event === 'order') await this.world.publisher.publish(orderPlaced, { orderId: `order-${n}`, n })
        else await this.world.publisher.publish(billSent, { billId: String(n) })
      }
    }
    return names
  }

  /** Resolves when all these were handled. */
  async until(names: readonly string[]): Promise<void> {
    await vi.waitFor(() => {
      const handled = new Set(this.handled.map((line) => line.split(' by ')[0]))
      expect(names.filter((name) => !handled.has(name))).toEqual([])
    }, PATIENCE)
  }

  /** Which members have handled events of that kind. */
  by(event: 'order' | 'bill'): Set<string> {
    return new Set(this.handled.flatMap((line) => (line.startsWith(event) ? [line.split(' by ')[1] ?? ''] : [])))
  }

  version(member: string, options: { readsBills: boolean }): SubscriptionDefinition {
    const order = handle(orderPlaced, ({ data }) => void this.handled.push(`order ${data.n} by ${member}`))
    const bill = handle(billSent, ({ data }) => void this.handled.push(`bill ${data.billId} by ${member}`))
    return defineSubscription({ group: GROUP, on: options.readsBills ? [order, bill] : [order], ...quick })
  }

  async createTopics(definition: SubscriptionDefinition): Promise<void> {
    const partitions = this.world.kafka.partitionCount(orderPlaced.topic)
    const plan = planTopics({ subscriptions: [definition], defaults: { partitions, replicationFactor: 1 } })
    await applyTopics(this.world.publisher.admin, plan)
  }

  expectNoRepetition(): void {
    expect(this.failures).toEqual([])
    expect(this.handled.length).toBe(new Set(this.handled.map((line) => line.split(' by ')[0])).size)
  }
}

describe('a topic that the newer version reads', () => {
  it('is read by members of that version only, through the deploy and back; the older topic is read all the time', async () => {
    const deploy = new Deploy(await world())
    const older = (member: string): SubscriptionDefinition => deploy.version(member, { readsBills: false })
    const newer = (member: string): SubscriptionDefinition => deploy.version(member, { readsBills: true })
    await deploy.start('old-1', older('old-1'))
    await deploy.start('old-2', older('old-2'))
    await deploy.until(await deploy.publish('order'))

    await deploy.createTopics(newer('new-1'))
    await deploy.start('new-1', newer('new-1'))
    await deploy.until(await deploy.publish('order', 'bill'))
    await deploy.stop('old-1') // the leader so far
    await deploy.until(await deploy.publish('order', 'bill'))
    await deploy.start('new-2', newer('new-2'))
    await deploy.stop('old-2')
    await deploy.until(await deploy.publish('order', 'bill'))

    await deploy.start('old-3', older('old-3'))
    await deploy.stop('new-1')
    await deploy.until(await deploy.publish('order', 'bill'))
    await deploy.stop('new-2')
    const [bills, orders] = [await deploy.publish('bill'), await deploy.publish('order')]
    await deploy.until(orders)
    expect(deploy.handled.some((line) => bills.includes(line.split(' by ')[0] ?? ''))).toBe(false)

    await deploy.start('new-3', newer('new-3'))
    await deploy.until(bills)
    for (const member of deploy.by('bill')) expect(member).toMatch(/^new/)
    deploy.expectNoRepetition()
  })

  it('is read as soon as it is made, also when the members that know it came first', async () => {
    const deploy = new Deploy(await world())
    await deploy.start('old', deploy.version('old', { readsBills: false }))
    const newer = deploy.version('new', { readsBills: true })
    await deploy.start('new', newer)
    await deploy.until(await deploy.publish('order'))
    await deploy.createTopics(newer)
    await deploy.until(await deploy.publish('order', 'bill'))
    expect(deploy.by('bill')).toEqual(new Set(['new']))
    deploy.expectNoRepetition()
  })
})

describe('what an earlier version committed', () => {
  // Settled beyond the offset are 2, 3, 4 and 6: in the format before the present one, lengths of unsettled and settled runs in turn.
  it('is not run again: an offset map of the earlier format is understood', async () => {
    const w = await world({ partitions: 1 })
    await w.publish(10, { keys: 10 })
    const metadata = 'tributary-a.0.AgMBAQ'
    await w.publisher.admin.setCommitted(GROUP, [{ topic: orderPlaced.topic, partition: 0, nextOffset: 0n, metadata }])
    await w.member(() => {})
    const committed = expect.objectContaining({ topic: orderPlaced.topic, nextOffset: 10n })
    await vi.waitFor(() => expect(w.kafka.committed(GROUP)).toContainEqual(committed), PATIENCE)
    expect(w.handled.toSorted()).toEqual(['0/0', '0/1', '0/5', '0/7', '0/8', '0/9'])
  })
})
