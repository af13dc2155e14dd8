import { Reject, TopicNotFoundError } from '@tributary/event-bus'
import { describe, expect, it, vi } from 'vitest'
import { world } from './world.ts'

const reject = (): never => {
  throw new Reject('no such product')
}

describe('a dead-letter topic', () => {
  it('that is missing makes its record wait, health says why, and work resumes once it is there', async () => {
    const w = await world({ withoutDeadLetterTopic: true, partitions: 1 })
    const subscription = await w.member((event) => (event.data.n === 3 ? reject() : undefined))
    await w.publish(10)
    await vi.waitFor(() => expect(w.handled).toHaveLength(9), { timeout: 10_000 })
    await vi.waitFor(() => expect(subscription.health().degraded).toHaveLength(1), { timeout: 10_000 })
    expect(subscription.health().degraded[0]).toMatchObject({ topic: 'orders', partition: 0, recordOffset: 3n })
    expect(subscription.health().degraded[0]?.reason).toContain('orders.inventory.dlq')
    w.kafka.createTopic('orders.inventory.dlq', { partitions: 1 })
    await w.settled()
    expect(w.deadLetters()).toHaveLength(1)
    expect(subscription.health().degraded).toEqual([])
    expect(TopicNotFoundError.retryable).toBe(true)
  })

  it('with fewer partitions than its source takes every dead letter', async () => {
    const w = await world({ withoutDeadLetterTopic: true, partitions: 6 })
    w.kafka.createTopic('orders.inventory.dlq', { partitions: 2 })
    await w.member(reject)
    await w.publish(30, { keys: 30 })
    await w.settled()
    expect(w.deadLetters()).toHaveLength(30)
  })

  it('that takes no record of this size gets the record without its value, and says where that lies', async () => {
    const w = await world({ withoutDeadLetterTopic: true, partitions: 1 })
    w.kafka.createTopic('orders.inventory.dlq', { partitions: 1, configs: { 'max.message.bytes': '2000' } })
    const producer = w.driver().createProducer({ clientId: 'rude' })
    await w.member(() => {})
    await producer.append(
      { topic: 'orders', partition: 0 },
      [{ key: Buffer.from('k'), value: Buffer.alloc(50_000, 1), headers: [], timestamp: 0 }],
      { timeoutMs: 5_000 },
    )
    await w.publish(3)
    await w.settled()
    expect(w.deadLetters()).toMatchObject([{ place: '0/0', value: null, reason: 'undecodable' }])
  })

  it('whose answer was lost has the dead letter, and the record is settled', async () => {
    const w = await world({ partitions: 1 })
    const lost = w.kafka.faults.on('Produce', { topic: 'orders.inventory.dlq' }).dropConnection('after')
    await w.member((event) => (event.data.n === 3 ? reject() : undefined))
    await w.publish(10)
    await w.settled()
    expect(lost.count).toBe(1)
    expect(w.deadLetters()).toHaveLength(1)
  })
})
