import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { collidingForm } from './topic-plan.ts'
import { deadLetterTopic, isGroupTopicOf, redriveTopic, retryDelayOf, retryTopic } from './topics.ts'

/** Names that are likely to collide: few characters, and all the separators. */
const topic = fc.stringMatching(/^[a-b._-]{1,6}$/).filter((name) => name !== '.' && name !== '..')
const group = fc.stringMatching(/^[a-b._-]{1,6}$/)
const legal = /^[A-Za-z0-9._-]{1,249}$/

describe("names of a group's topics", () => {
  it('say topic and group, where the group is a plain name', () => {
    expect(deadLetterTopic('orders', 'inventory')).toBe('orders.inventory.dlq')
    expect(redriveTopic('shop.orders_v2', 'email-service')).toBe('shop.orders_v2.email-service.redrive')
    expect(retryTopic('orders', 'inventory', 300_000)).toBe('orders.inventory.retry.5m')
  })

  it('mark a group that has dots, underscores or double hyphens', () => {
    expect(deadLetterTopic('orders', 'shop.email_service')).toMatch(/^orders\.shop-email-service--[0-9a-f]{16}\.dlq$/)
    expect(deadLetterTopic('orders', 'a--b')).toMatch(/^orders\.a-b--[0-9a-f]{16}\.dlq$/)
  })

  it('differ for different pairs, also in the eyes of Kafka, to whom dots and underscores are one', () => {
    fc.assert(
      fc.property(topic, group, topic, group, (topicA, groupA, topicB, groupB) => {
        // Two source topics that are one to Kafka cannot both exist.
        fc.pre(collidingForm(topicA) !== collidingForm(topicB) || topicA === topicB)
        fc.pre(topicA !== topicB || groupA !== groupB)
        const namesOf = (topicName: string, groupName: string): string[] => [
          deadLetterTopic(topicName, groupName),
          redriveTopic(topicName, groupName),
          ...[1, 1_000, 60_000].map((delayMs) => retryTopic(topicName, groupName, delayMs)),
        ]
        const names = [...namesOf(topicA, groupA), ...namesOf(topicB, groupB)]
        return new Set(names.map(collidingForm)).size === 10
      }),
      { numRuns: 2_000 },
    )
  })

  it('are legal and at most 249 characters, however long topic and group are', () => {
    const long = fc.stringMatching(/^[A-Za-z0-9._-]{1,249}$/)
    fc.assert(
      fc.property(long, fc.oneof(long, fc.string({ minLength: 1 })), (topicName, groupName) => {
        expect(deadLetterTopic(topicName, groupName)).toMatch(legal)
        expect(redriveTopic(topicName, groupName)).toMatch(legal)
        expect(retryTopic(topicName, groupName, Number.MAX_SAFE_INTEGER)).toMatch(legal)
      }),
    )
  })

  it('of long names that share a beginning differ', () => {
    const start = 'x'.repeat(240)
    const names = ['a', 'b'].flatMap((end) =>
      ['g', 'h'].map((groupName) => deadLetterTopic(`${start}${end}`, groupName)),
    )
    expect(new Set(names).size).toBe(4)
  })

  it("are recognised as a group's", () => {
    fc.assert(
      fc.property(topic, group, group, (topicName, own, other) => {
        expect(isGroupTopicOf(deadLetterTopic(topicName, own), own, [topicName])).toBe(true)
        expect(isGroupTopicOf(retryTopic(topicName, own, 90_000), own, [topicName])).toBe(true)
        if (own === other) return
        expect(isGroupTopicOf(deadLetterTopic(topicName, own), other, [topicName])).toBe(false)
        expect(isGroupTopicOf(retryTopic(topicName, own, 90_000), other, [topicName])).toBe(false)
      }),
    )
    expect(isGroupTopicOf('orders', 'orders', ['orders'])).toBe(false)
    expect(isGroupTopicOf('orders.inventory.retry.10s', 'inventory', [])).toBe(true)
    // A group may be called so: this is its dead-letter topic, not a retry topic with a delay called dlq.
    expect(isGroupTopicOf('orders.retry.dlq', 'retry', [])).toBe(true)
  })

  it('say their delay to the group that they belong to, and to no other', () => {
    fc.assert(
      fc.property(topic, group, topic, group, fc.integer({ min: 1 }), (topicName, own, topicB, other, delayMs) => {
        const name = retryTopic(topicName, own, delayMs)
        expect(retryDelayOf(name, topicName, own)).toBe(delayMs)
        if (own !== other || topicName !== topicB) expect(retryDelayOf(name, topicB, other)).toBeNull()
      }),
    )
    for (const name of ['orders.inventory.retry.60s', 'orders.inventory.dlq', 'orders', 'orders.inventory.retry.']) {
      expect(retryDelayOf(name, 'orders', 'inventory')).toBeNull()
    }
  })
})
