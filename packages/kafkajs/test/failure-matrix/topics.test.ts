import { describe, expect, it, vi } from 'vitest'
import { GROUP } from './order-placed.ts'
import { world } from './world.ts'

describe('a log', () => {
  it('whose retention has passed the committed offset is read from its start, and nothing that is there is passed over', async () => {
    const w = await world({ partitions: 1 })
    const early = await w.member(() => {})
    await w.publish(10)
    await w.settled()
    await early.close()
    await w.publisher.admin.deleteTopics(['orders'])
    w.kafka.createTopic('orders', { partitions: 1, startOffset: 50n })
    await w.publisher.admin.setCommitted(GROUP, [{ topic: 'orders', partition: 0, nextOffset: 10n, metadata: '' }])
    await w.publish(10, { from: 10 })
    await w.member(() => {})
    await w.settled()
    expect(w.handled.slice(10)).toEqual(Array.from({ length: 10 }, (_, index) => `0/${50 + index}`))
  })

  it('that is shorter than the committed offset is read from its start', async () => {
    const w = await world({ partitions: 1 })
    await w.publish(10)
    await w.publisher.admin.setCommitted(GROUP, [{ topic: 'orders', partition: 0, nextOffset: 70n, metadata: '' }])
    await w.member(() => {})
    await vi.waitFor(() => expect(w.handled).toHaveLength(10), { timeout: 8_000 })
    await w.settled()
  })

  it('that begins beyond 2^53 is read and committed to the last digit', async () => {
    const w = await world({ partitions: 1 })
    const start = 2n ** 60n + 1n
    await w.publisher.admin.deleteTopics(['orders'])
    w.kafka.createTopic('orders', { partitions: 1, startOffset: start })
    await w.member(() => {})
    await w.publish(10)
    await w.settled()
    expect(w.kafka.committed(GROUP)).toContainEqual(
      expect.objectContaining({ topic: 'orders', nextOffset: start + 10n }),
    )
  })
})

describe('a group', () => {
  it('runs again only what was not settled when its offset could not move for a stuck event', async () => {
    const w = await world({ partitions: 1 })
    const first = await w.member((event) => (event.data.n === 3 ? new Promise(() => {}) : undefined), { drainMs: 300 })
    await w.publish(200, { keys: 200 })
    await vi.waitFor(() => expect(w.handled).toHaveLength(199), { timeout: 8_000 })
    await first.close()
    expect(w.kafka.committed(GROUP)).toContainEqual(expect.objectContaining({ topic: 'orders', nextOffset: 3n }))
    await w.member(() => {})
    await w.settled()
    expect(w.handled).toHaveLength(200)
    expect(w.duplicates).toBe(0)
  })
})
