import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
const start = (dataDir: string, over: EmbeddedKafkaOptions = {}) =>
  startEmbeddedKafka({ dataDir, autoCreateTopics: false, ...over })

it.each(['system', 'each'] as const)(
  'topics, records and commits are there after a restart, flush %s',
  async (flush) => {
    using directory = scratchDirectory()
    const sent = ['a', 'b', 'c', 'd']
    let topicId: unknown
    {
      await using kafka = await start(directory.path, { flush, brokers: 2 })
      kafka.createTopic('orders', { partitions: 3, configs: { 'retention.ms': '-1' }, startOffset: 7n })
      kafka.createTopic('gone')
      const client = kafkajsFor(kafka)
      const producer = client.producer({ idempotent: true, createPartitioner })
      await producer.connect()
      for (const value of sent) await producer.send({ topic: 'orders', messages: [{ value, partition: 1 }] })
      await producer.disconnect()
      await commit(kafka, { groupId: 'billing', topic: 'orders', nextOffset: 9n })
      using raw = await connectRaw(kafka.bootstrapServers[0])
      await raw.ask('DeleteTopics', 3, { topicNames: ['gone'], timeoutMs: 1_000 })
      topicId = await idOf(raw, 'orders')
      kafka.moveLeader('orders', 1, 0)
    }
    await using kafka = await start(directory.path, { flush, brokers: 2 })
    expect(kafka.topics()).toEqual(['orders'])
    expect(kafka.partitionCount('orders')).toBe(3)
    expect(kafka.log('orders', 1).map(({ value }) => String(value))).toEqual(sent)
    expect(kafka.offsets('orders', 1)).toEqual({ startOffset: 7n, endOffset: 11n })
    expect(kafka.committed('billing')).toMatchObject([{ topic: 'orders', partition: 0, nextOffset: 9n }])
    expect(kafka.coordinatorOf('billing')).toBeTypeOf('number')
    expect(readdirSync(directory.path).filter((name) => name.startsWith('gone'))).toEqual([])

    using raw = await connectRaw(kafka.bootstrapServers[0])
    expect(await idOf(raw, 'orders')).toBe(topicId)
    const { configs } = await describeTopic(raw)
    expect(configs).toContainEqual(expect.objectContaining({ name: 'retention.ms', value: '-1', configSource: 1 }))
  },
)

async function idOf(client: Awaited<ReturnType<typeof connectRaw>>, name: string): Promise<unknown> {
  const { topics } = await client.ask<{ topics: { topicId: unknown }[] }>('Metadata', 12, {
    topics: [{ name, topicId: zeroUuid }],
  })
  return topics[0]?.topicId
}

async function describeTopic(client: Awaited<ReturnType<typeof connectRaw>>) {
  const { results } = await client.ask<{ results: { configs: unknown[] }[] }>('DescribeConfigs', 1, {
    resources: [{ resourceType: 2, resourceName: 'orders', configurationKeys: null }],
  })
  return results[0] ?? { configs: [] }
}

it('no producer id is given away twice, and what a producer repeats is recognised', async () => {
  using directory = scratchDirectory()
  const batch = (producerId: bigint) =>
    recordBatch([{ value: 'once' }], { producerId, producerEpoch: 0, baseSequence: 0 })
  const ids: bigint[] = []
  for (let round = 0; round < 3; round++) {
    await using kafka = await start(directory.path)
    if (round === 0) kafka.createTopic('orders')
    using client = await connectRaw(kafka.bootstrapServers[0])
    const { producerId } = await client.ask<{ producerId: bigint }>('InitProducerId', 1, { transactionalId: null })
    ids.push(producerId)
    expect(await produceTo(client, 'orders', batch(ids[0] ?? 0n))).toEqual([0])
  }
  expect(new Set(ids).size).toBe(3)
  await using kafka = await start(directory.path)
  expect(kafka.log('orders', 0)).toHaveLength(1)
})

it('a leader epoch never goes back, and old ones can be asked for', async () => {
  using directory = scratchDirectory()
  for (const epochs of [
    [0, 1],
    [2, 3],
  ]) {
    await using kafka = await start(directory.path, { brokers: 2 })
    if (epochs[0] === 0) kafka.createTopic('orders')
    for (const [index, epoch] of epochs.entries()) {
      kafka.moveLeader('orders', 0, index)
      using client = await connectRaw(kafka.bootstrapServers[index])
      await produceTo(client, 'orders', recordBatch([{ value: `${epoch}` }]))
      expect(kafka.rawBatches('orders', 0).at(-1)?.readInt32BE(12)).toBe(epoch)
    }
  }
  await using kafka = await start(directory.path, { brokers: 2 })
  using client = await connectRaw(kafka.bootstrapServers[kafka.leaderOf('orders', 0)])
  const { topics } = await client.ask<{ topics: { partitions: { endOffset: bigint }[] }[] }>(
    'OffsetForLeaderEpoch',
    3,
    {
      replicaId: -1,
      topics: [{ topic: 'orders', partitions: [{ partition: 0, currentLeaderEpoch: -1, leaderEpoch: 1 }] }],
    },
  )
  expect(topics[0]?.partitions).toMatchObject([{ leaderEpoch: 1, endOffset: 2n }])
})

it('what DeleteRecords, DeleteGroups and OffsetDelete took away does not come back', async () => {
  using directory = scratchDirectory()
  {
    await using kafka = await start(directory.path)
    kafka.createTopic('orders')
    using client = await connectRaw(kafka.bootstrapServers[0])
    for (let count = 0; count < 4; count++) await produceTo(client, 'orders', recordBatch([{}, {}]))
    const partitions = [{ partitionIndex: 0, offset: 3n }]
    await client.ask('DeleteRecords', 1, { topics: [{ name: 'orders', partitions }], timeoutMs: 1_000 })
    await commit(kafka, { groupId: 'old', topic: 'orders', nextOffset: 1n })
    await client.ask('DeleteGroups', 1, { groupsNames: ['old'] })
    await commit(kafka, { groupId: 'kept', topic: 'orders', nextOffset: 1n })
    const topics = [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }]
    await client.ask('OffsetDelete', 0, { groupId: 'kept', topics })
  }
  await using kafka = await start(directory.path)
  expect(kafka.offsets('orders', 0)).toEqual({ startOffset: 3n, endOffset: 8n })
  expect(kafka.group('old')).toBeUndefined()
  expect(kafka.committed('kept')).toEqual([])
})

it('a directory is used by one broker at a time, and must be its own', async () => {
  using directory = scratchDirectory()
  {
    await using _kafka = await start(directory.path)
    await expect(start(directory.path)).rejects.toThrow(/dataDir cannot be used: .* is in use by process/)
  }
  await (await start(directory.path)).close()

  const foreign = path.join(directory.path, 'foreign')
  mkdirSync(path.join(foreign, 'photos-1'), { recursive: true })
  writeFileSync(path.join(foreign, 'letter.txt'), '')
  await expect(start(foreign)).rejects.toThrow(/holds other things/)
  expect(readdirSync(foreign)).toEqual(['letter.txt', 'photos-1'])
})

it('a broker with fewer brokers than before leads all partitions', async () => {
  using directory = scratchDirectory()
  {
    await using kafka = await start(directory.path, { brokers: 3, defaultReplicationFactor: 1 })
    kafka.createTopic('orders', { partitions: 3 })
  }
  await using kafka = await start(directory.path)
  expect([0, 1, 2].map((partition) => kafka.leaderOf('orders', partition))).toEqual([0, 0, 0])
})

it('refuses options that cannot be obeyed', async () => {
  await expect(startEmbeddedKafka({ flush: 'each' })).rejects.toThrow('flush is given without dataDir')
  await expect(startEmbeddedKafka({ dataDir: '' })).rejects.toThrow('dataDir is empty')
  const flush = 'sometimes' as 'each'
  await expect(startEmbeddedKafka({ dataDir: 'x', flush })).rejects.toThrow("flush is 'sometimes', not each or system")
})
