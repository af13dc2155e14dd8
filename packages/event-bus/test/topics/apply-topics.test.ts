import { describe, expect, it } from 'vitest'
import { applyTopics } from '../../src/apply-topics.ts'
import { handle } from '../../src/consuming/definition/handler.ts'
import { defineSubscription } from '../../src/consuming/definition/subscription-definition.ts'
import { retryTopics } from '../../src/failing/retry-topics.ts'
import { planTopics } from '../../src/topic-plan.ts'
import { FakeAdmin } from '../support/fake-admin.ts'
import { orderPlaced } from '../support/orders.ts'

const inventory = defineSubscription({ group: 'inventory', on: [handle(orderPlaced, () => {})] })
const plan = planTopics({ events: [orderPlaced], subscriptions: [inventory] })

describe('applying a topic plan', () => {
  it("creates what is missing, a group's topics before their source, and changes nothing the second time", async () => {
    const admin = new FakeAdmin()
    const report = await applyTopics(admin, plan)
    expect(report.created).toEqual(['orders.inventory.dlq', 'orders.inventory.redrive', 'orders'])
    expect(admin.changes).toEqual(report.created.map((topic) => `create ${topic}`))

    admin.changes.length = 0
    const again = await applyTopics(admin, plan)
    expect(admin.changes).toEqual([])
    expect(again).toMatchObject({ created: [], grown: [], raised: [], unchanged: plan.map(({ topic }) => topic) })
  })

  it("grows a group's topics before their source", async () => {
    const admin = new FakeAdmin()
    await applyTopics(admin, plan)
    admin.changes.length = 0
    const larger = planTopics({ events: [orderPlaced], subscriptions: [inventory], defaults: { partitions: 9 } })
    const { grown } = await applyTopics(admin, larger)
    expect(grown).toContainEqual({ topic: 'orders', from: 6, to: 9 })
    expect(admin.changes).toEqual([
      'grow orders.inventory.dlq to 9',
      'grow orders.inventory.redrive to 9',
      'grow orders to 9',
    ])
  })

  it('never shrinks, and fits group topics to the source as it really is', async () => {
    const admin = new FakeAdmin()
      .has('orders', { partitions: 20, configs: { 'max.message.bytes': '5000000' } })
      .has('orders.inventory.dlq', { partitions: 6 })
    await applyTopics(admin, plan)
    expect(admin.changes).toEqual([
      'set orders.inventory.dlq max.message.bytes=5065536',
      'create orders.inventory.redrive',
      'grow orders.inventory.dlq to 20',
    ])
    expect(admin.topics.get('orders')?.partitions).toBe(20)
    expect(admin.topics.get('orders.inventory.redrive')?.partitions).toBe(20)
  })

  it('raises the retention of a retry topic that is too short for what waits in it, and lowers none', async () => {
    const afterwards = retryTopics({ delaysMs: [10_000, 60_000, 300_000], order: 'overtake' })
    const delayed = defineSubscription({ group: 'inventory', on: inventory.on, onFailure: { afterwards } })
    const kept = (ms: string) => ({ configs: { 'max.message.bytes': '5000000', 'retention.ms': ms } })
    const admin = new FakeAdmin()
      .has('orders')
      .has('orders.inventory.retry.10s', kept('1000'))
      .has('orders.inventory.retry.1m', kept('-1'))
      .has('orders.inventory.dlq', kept('1000'))
    const { raised } = await applyTopics(admin, planTopics({ subscriptions: [delayed] }))
    expect(raised).toEqual([
      { topic: 'orders.inventory.retry.10s', config: 'retention.ms', from: '1000', to: '604800000' },
    ])
    expect(admin.changes).toContain('create orders.inventory.retry.5m')
  })

  it('in a dry run tells the same and changes nothing', async () => {
    const admin = new FakeAdmin().has('orders', { partitions: 3 })
    const foretold = await applyTopics(admin, plan, { dryRun: true })
    expect(admin.changes).toEqual([])
    expect(await applyTopics(admin, plan)).toEqual(foretold)
  })

  it('refuses what contradicts, all at once, and changes nothing', async () => {
    const admin = new FakeAdmin()
      .has('orders', { configs: { 'cleanup.policy': 'compact' } })
      .has('orders.inventory_dlq')
    const applied = applyTopics(admin, plan)
    await expect(applied).rejects.toMatchObject({ code: 'TOPIC_PLAN_INVALID' })
    await expect(applied).rejects.toThrow(/orders is compacted/)
    await expect(applied).rejects.toThrow(/orders\.inventory\.dlq cannot be created beside orders\.inventory_dlq/)
    expect(admin.changes).toEqual([])
  })

  it('names topics of an older configuration of these groups that still hold records', async () => {
    const admin = new FakeAdmin()
      .has('payments.inventory.dlq', { records: 3n })
      .has('orders.inventory.retry.10s', { records: 5n, committed: 4n })
      .has('orders.inventory.retry.1m', { records: 5n, committed: 5n })
      .has('refunds.inventory.dlq')
      .has('orders.email.dlq', { records: 5n })
    const { leftovers } = await applyTopics(admin, plan)
    expect(leftovers).toEqual([
      { topic: 'payments.inventory.dlq', records: 3n },
      { topic: 'orders.inventory.retry.10s', records: 1n },
    ])
  })
})
