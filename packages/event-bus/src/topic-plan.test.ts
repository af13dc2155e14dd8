import { describe, expect, it } from 'vitest'
import { handle } from './consuming/definition/handler.ts'
import { defineSubscription } from './consuming/definition/subscription-definition.ts'
import { defineEvent } from './events/define-event.ts'
import { retryTopics } from './failing/retry-topics.ts'
import { planTopics } from './topic-plan.ts'

function eventOn(topic: string) {
  return defineEvent({
    type: `${topic}.happened`,
    topic,
    key: () => null,
    schema: { type: 'record', name: 'Happened', fields: [] },
  })
}

const orders = eventOn('orders')
const subscribe = (group: string, events = [orders], maxAgeMs = 3_600_000) =>
  defineSubscription({ group, on: events.map((event) => handle(event, () => {})), onFailure: { maxAgeMs } })

describe('a topic plan', () => {
  it('has each source once, and a dead-letter and a redrive topic for each group that reads it', () => {
    const plan = planTopics({ events: [orders], subscriptions: [subscribe('inventory'), subscribe('email')] })
    expect(plan.map(({ topic, purpose, group }) => [topic, purpose, group])).toEqual([
      ['orders', 'source', null],
      ['orders.inventory.dlq', 'dlq', 'inventory'],
      ['orders.inventory.redrive', 'redrive', 'inventory'],
      ['orders.email.dlq', 'dlq', 'email'],
      ['orders.email.redrive', 'redrive', 'email'],
    ])
  })

  it('gives group topics the partitions of their source, and room for provenance', () => {
    const plan = planTopics({
      subscriptions: [subscribe('inventory')],
      defaults: { partitions: 3, retentionMs: 86_400_000 },
      topics: { orders: { partitions: 12, maxMessageBytes: 2_000_000 } },
    })
    expect(plan.map(({ partitions }) => partitions)).toEqual([12, 12, 12])
    expect(plan.map(({ configs }) => configs['max.message.bytes'])).toEqual(['2000000', '2065536', '2065536'])
    expect(plan.map(({ configs }) => configs['cleanup.policy'])).toEqual(['delete', 'delete', 'delete'])
    expect(plan[0]?.configs['retention.ms']).toBe('86400000')
    expect(plan[1]?.configs['retention.ms']).toBe('2592000000')
  })

  it('has the retry topics of a policy, which keep their records as long as the source', () => {
    const afterwards = retryTopics({ delaysMs: [10_000, 300_000], order: 'overtake' })
    const on = [handle(orders, () => {})]
    const subscription = defineSubscription({ group: 'inventory', on, onFailure: { afterwards } })
    const plan = planTopics({ subscriptions: [subscription], topics: { orders: { retentionMs: 86_400_000 } } })
    expect(plan.slice(3)).toEqual(
      ['10s', '5m'].map((delay) => ({
        topic: `orders.inventory.retry.${delay}`,
        purpose: 'retry',
        source: 'orders',
        group: 'inventory',
        partitions: 6,
        replicationFactor: -1,
        configs: { 'cleanup.policy': 'delete', 'retention.ms': '86400000', 'max.message.bytes': '1114124' },
      })),
    )
  })

  it('lists everything that contradicts, all at once', () => {
    const plan = () =>
      planTopics({
        events: [eventOn('orders.inventory.dlq'), eventOn('shop.orders'), eventOn('shop_orders')],
        subscriptions: [subscribe('inventory', [orders], 7 * 86_400_000)],
        topics: { order: { partitions: 3 }, orders: { partitions: 0 } },
      })
    expect(plan).toThrow(expect.objectContaining({ code: 'TOPIC_PLAN_INVALID' }))
    for (const fault of [
      /'order' is no topic of these events/,
      /orders: partitions must be a whole number/,
      /orders\.inventory\.dlq \(the dlq topic of group inventory for orders\) and orders\.inventory\.dlq \(a source\)/,
      /shop_orders \(a source\) and shop\.orders \(a source\) are the same to Kafka/,
      /retention of 604800000 ms is too short for group inventory/,
    ]) {
      expect(plan).toThrow(fault)
    }
  })

  it('takes any age where the source keeps its records for ever', () => {
    const subscriptions = [subscribe('inventory', [orders], 365 * 86_400_000)]
    expect(() => planTopics({ subscriptions, defaults: { retentionMs: -1 } })).not.toThrow()
  })
})
