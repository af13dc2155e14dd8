import { expect, it } from 'vitest'
import type { DriverBench, Member } from './driver-bench.ts'

const BEYOND_SAFE_INTEGERS = 2n ** 53n + 1n

/** What becomes of commits. */
export function commitTests(bench: () => DriverBench): void {
  const joined = async (partitions = 1): Promise<Member & { readonly group: string; readonly topic: string }> => {
    const topic = await bench().topic(partitions)
    const group = bench().name('group')
    const member = bench().join(group, [topic])
    await member.listener.until('its partitions', () => member.listener.owned().length === partitions)
    return { ...member, group, topic }
  }

  it('stores offset and metadata, for the admin and for the next owner to see', async () => {
    const member = await joined()
    const { consumer, listener, group, topic } = member
    const epoch = listener.epochOf({ topic, partition: 0 })
    const results = await consumer.commit([
      { topic, partition: 0, epoch, nextOffset: 3n, metadata: 'what is settled beyond' },
    ])
    expect(results).toMatchObject([{ topic, partition: 0, outcome: 'committed' }])
    const committed = { nextOffset: 3n, metadata: 'what is settled beyond' }
    expect(await bench().admin.committed(group, topic)).toEqual([{ topic, partition: 0, ...committed }])
    await member.close()
    const next = bench().join(group, [topic])
    const assigned = await next.listener.first('assigned', { timeoutMs: 20_000 })
    expect(assigned.partitions).toMatchObject([{ committed }])
  })

  it('replaces the metadata with every commit, also by none', async () => {
    const { consumer, listener, group, topic } = await joined()
    const epoch = listener.epochOf({ topic, partition: 0 })
    await consumer.commit([{ topic, partition: 0, epoch, nextOffset: 3n, metadata: 'soon gone' }])
    await consumer.commit([{ topic, partition: 0, epoch, nextOffset: 4n, metadata: '' }])
    expect(await bench().admin.committed(group, topic)).toMatchObject([{ nextOffset: 4n, metadata: '' }])
  })

  it('refuses metadata beyond 4,096 bytes for that partition, and commits the others of the request', async () => {
    const { consumer, listener, group, topic } = await joined(3)
    const epochs = [0, 1, 2].map((partition) => listener.epochOf({ topic, partition }))
    const metadata = ['x'.repeat(4_096), 'x'.repeat(4_097), '']
    const results = await consumer.commit(
      [2, 1, 0].map((partition) => ({
        topic,
        partition,
        epoch: epochs[partition] ?? 0,
        nextOffset: 1n,
        metadata: metadata[partition] ?? '',
      })),
    )
    expect(results.map(({ partition, outcome }) => ({ partition, outcome }))).toEqual([
      { partition: 2, outcome: 'committed' },
      { partition: 1, outcome: 'metadata-refused' },
      { partition: 0, outcome: 'committed' },
    ])
    expect((await bench().admin.committed(group, topic)).map(({ partition }) => partition)).not.toContain(1)
  })

  it('fences an epoch that is not current and a partition that is not owned, and commits the rest', async () => {
    const { consumer, listener, group, topic } = await joined(2)
    const epoch = listener.epochOf({ topic, partition: 0 })
    const results = await consumer.commit([
      { topic, partition: 7, epoch, nextOffset: 1n, metadata: '' },
      { topic, partition: 1, epoch: listener.epochOf({ topic, partition: 1 }) + 10, nextOffset: 1n, metadata: '' },
      { topic, partition: 0, epoch, nextOffset: 1n, metadata: '' },
    ])
    expect(results.map(({ outcome }) => outcome)).toEqual(['fenced', 'fenced', 'committed'])
    expect(await bench().admin.committed(group, topic)).toMatchObject([{ partition: 0, nextOffset: 1n }])
  })

  it('fences a partition that has been given up', async () => {
    const { consumer, listener, group, topic } = await joined(2)
    const epochs = [0, 1].map((partition) => listener.epochOf({ topic, partition }))
    const second = bench().join(group, [topic])
    await second.listener.first('assigned', { timeoutMs: 20_000 })
    const [moved] = second.listener.owned()
    const results = await consumer.commit(
      [0, 1].map((partition) => ({
        topic,
        partition,
        epoch: epochs[partition] ?? 0,
        nextOffset: 1n,
        metadata: 'late',
      })),
    )
    expect(results.map(({ partition, outcome }) => [`${topic}/${partition}`, outcome])).toEqual(
      [0, 1].map((partition) => [`${topic}/${partition}`, `${topic}/${partition}` === moved ? 'fenced' : 'committed']),
    )
  })

  it('keeps offsets beyond 2^53 exact', async () => {
    const { consumer, listener, group, topic } = await joined()
    const epoch = listener.epochOf({ topic, partition: 0 })
    await consumer.commit([{ topic, partition: 0, epoch, nextOffset: BEYOND_SAFE_INTEGERS, metadata: '' }])
    expect(await bench().admin.committed(group, topic)).toMatchObject([{ nextOffset: BEYOND_SAFE_INTEGERS }])
  })

  it('answers every commit of many at once', async () => {
    const { consumer, listener, topic } = await joined()
    const epoch = listener.epochOf({ topic, partition: 0 })
    const commits = Array.from({ length: 30 }, (_, index) =>
      consumer.commit([{ topic, partition: 0, epoch, nextOffset: BigInt(index), metadata: '' }]),
    )
    expect((await Promise.all(commits)).flat().map(({ outcome }) => outcome)).toEqual(commits.map(() => 'committed'))
  })

  it('answers a commit without requests, and one after it was closed, without rejecting', async () => {
    const member = await joined()
    const { consumer, listener, group, topic } = member
    expect(await consumer.commit([])).toEqual([])
    const epoch = listener.epochOf({ topic, partition: 0 })
    await member.close()
    const [late] = await consumer.commit([{ topic, partition: 0, epoch, nextOffset: 9n, metadata: '' }])
    expect(late?.outcome).toMatch(/^(fenced|failed)$/)
    expect(await bench().admin.committed(group, topic)).toEqual([])
  })
}
