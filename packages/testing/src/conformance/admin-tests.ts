import { expect, it } from 'vitest'
import { type DriverBench, range } from './driver-bench.ts'

/** Topics, settings, offsets, and reading outside any group. */
export function adminTests(bench: () => DriverBench): void {
  it('creates topics, and leaves those that exist as they are', async () => {
    const { admin } = bench()
    const existing = await bench().topic(2)
    const fresh = bench().name('topic')
    const specs = [existing, fresh].map((topic) => ({ topic, partitions: 3, replicationFactor: -1, configs: {} }))
    const results = await admin.createTopics(specs)
    expect(results).toEqual([
      { topic: existing, created: false },
      { topic: fresh, created: true },
    ])
    const described = await admin.describeTopics([existing, fresh, bench().name('missing')])
    const partitions = new Map(described.map((description) => [description.topic, description.partitions]))
    expect(partitions).toEqual(
      new Map([
        [existing, 2],
        [fresh, 3],
      ]),
    )
    expect(described.every(({ replicationFactor }) => replicationFactor >= 1)).toBe(true)
    expect(await admin.listTopics()).toEqual(expect.arrayContaining([existing, fresh]))
  })

  it('refuses a topic that Kafka cannot have', async () => {
    const topic = `${bench().name('topic')} with spaces`
    await expect(
      bench().admin.createTopics([{ topic, partitions: 1, replicationFactor: -1, configs: {} }]),
    ).rejects.toThrow()
  })

  it('deletes topics', async () => {
    const topic = await bench().topic()
    await bench().admin.deleteTopics([topic])
    expect(await bench().admin.describeTopics([topic])).toEqual([])
  })

  it('adds partitions, and refuses to take any away', async () => {
    const topic = await bench().topic(2)
    await bench().admin.createPartitions(topic, 5)
    expect(await bench().admin.describeTopics([topic])).toMatchObject([{ partitions: 5 }])
    await expect(bench().admin.createPartitions(topic, 3)).rejects.toThrow()
  })

  it('reads settings, and changes those it is given without touching the others', async () => {
    const topic = await bench().topic(1, { 'retention.ms': '86400000', 'max.message.bytes': '20000' })
    const { admin } = bench()
    await admin.alterTopicConfigs(topic, { 'retention.ms': '172800000' })
    const configs = await admin.topicConfigs(topic)
    expect(configs.get('retention.ms')).toBe('172800000')
    expect(configs.get('max.message.bytes')).toBe('20000')
    expect(configs.get('cleanup.policy')).toBe('delete')
  })

  it('loses neither of two settings that are changed at the same time', async () => {
    const topic = await bench().topic(1)
    const { admin } = bench()
    await Promise.all([
      admin.alterTopicConfigs(topic, { 'retention.ms': '172800000' }),
      admin.alterTopicConfigs(topic, { 'max.message.bytes': '20000' }),
    ])
    const configs = await admin.topicConfigs(topic)
    expect([configs.get('retention.ms'), configs.get('max.message.bytes')]).toEqual(['172800000', '20000'])
  })

  it('says of a topic that is missing that it is', async () => {
    const topic = bench().name('missing')
    await expect(bench().admin.offsets(topic)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    await expect(bench().admin.topicConfigs(topic)).rejects.toMatchObject({ code: 'TOPIC_NOT_FOUND' })
  })

  it('knows the bounds of each log', async () => {
    const topic = await bench().topic(2)
    await bench().append(topic, 1, 'a', 'b', 'c')
    const offsets = await bench().admin.offsets(topic)
    expect([...offsets].sort((a, b) => a.partition - b.partition)).toEqual([
      { topic, partition: 0, logStartOffset: 0n, logEndOffset: 0n },
      { topic, partition: 1, logStartOffset: 0n, logEndOffset: 3n },
    ])
  })

  it('stores offsets for a group without members, leaves out partitions without one, and the group starts there', async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    const { admin } = bench()
    await bench().append(topic, 1, ...range(5, 'v'))
    expect(await admin.committed(group, topic)).toEqual([])
    await admin.setCommitted(group, [{ topic, partition: 1, nextOffset: 3n, metadata: 'by hand' }])
    expect(await admin.committed(group, topic)).toEqual([{ topic, partition: 1, nextOffset: 3n, metadata: 'by hand' }])
    const { listener } = bench().join(group, [topic])
    await listener.until('what is left', () => listener.records().length === 2)
    expect(listener.values()).toEqual(['v3', 'v4'])
  })

  // The limit is part of it: members do not go away by waiting for a request timeout or two.
  it('refuses at once to store offsets for a group that has members', { timeout: 10_000 }, async () => {
    const topic = await bench().topic()
    const group = bench().name('group')
    const { listener } = bench().join(group, [topic])
    await listener.first('assigned')
    await expect(
      bench().admin.setCommitted(group, [{ topic, partition: 0, nextOffset: 1n, metadata: '' }]),
    ).rejects.toMatchObject({ code: 'GROUP_HAS_MEMBERS' })
    expect(await bench().admin.committed(group, topic)).toEqual([])
  })

  it('reads a range of a partition: the whole, a part, nothing, and no further than the end of the log', async () => {
    const topic = await bench().topic()
    for (const value of range(6, 'v')) await bench().append(topic, 0, value)
    const read = async (from: bigint, to: bigint): Promise<string[]> => {
      const values: string[] = []
      let position = from
      for await (const chunk of bench().admin.readRange({ topic, partition: 0 }, from, to)) {
        expect(chunk).toMatchObject({ fetchedFrom: position, epoch: 0 })
        position = chunk.nextPosition
        values.push(...Array.from(chunk.records, ({ value }) => value?.toString() ?? 'null'))
      }
      return values
    }
    expect(await read(0n, 6n)).toEqual(range(6, 'v'))
    expect(await read(2n, 4n)).toEqual(['v2', 'v3'])
    expect(await read(3n, 3n)).toEqual([])
    expect(await read(4n, 100n)).toEqual(['v4', 'v5'])
    expect(await read(6n, 100n)).toEqual([])
  })

  it('stops reading a range when the signal aborts', async () => {
    const topic = await bench().topic()
    for (const value of range(4, 'v')) await bench().append(topic, 0, value)
    const abort = new AbortController()
    const seen: bigint[] = []
    const reading = (async () => {
      abort.abort()
      for await (const chunk of bench().admin.readRange({ topic, partition: 0 }, 0n, 4n, abort.signal))
        seen.push(chunk.nextPosition)
    })()
    await reading.catch((error: unknown) => expect(error).toBeInstanceOf(Error))
    expect(seen).toEqual([])
  })
}
