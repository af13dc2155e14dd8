import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const zeroUuid = 'AAAAAAAAAAAAAAAAAAAAAA'
const unknownMemberId = 25
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

it.each(['classic', 'consumer'] as const)(
  'members of an earlier process are unknown, but not their group: they join again, by the %s protocol',
  async (protocol) => {
    using directory = scratchDirectory()
    const joining = { groupId: 'g', memberId: 'a', memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] }
    type Member = { errorCode: number; memberId: string; memberEpoch: number; generationId: number }
    const join = (client: RawClient, memberId = '') =>
      protocol === 'consumer'
        ? client.ask<Member>('ConsumerGroupHeartbeat', 1, { ...joining, subscribedTopicNames: ['orders'] })
        : client.ask<Member>('JoinGroup', 3, {
            groupId: 'g',
            memberId,
            sessionTimeoutMs: 10_000,
            rebalanceTimeoutMs: 10_000,
            protocolType: 'consumer',
            protocols: [{ name: 'range', metadata: Buffer.from('') }],
          })
    let member: Member
    {
      await using kafka = await start(directory.path)
      kafka.createTopic('orders')
      using client = await connectRaw(kafka.bootstrapServers[0])
      member = await join(client)
      expect(member.errorCode).toBe(0)
    }
    await using kafka = await start(directory.path)
    using client = await connectRaw(kafka.bootstrapServers[0])
    const { memberId, memberEpoch, generationId } = member
    const beat =
      protocol === 'consumer'
        ? client.ask('ConsumerGroupHeartbeat', 1, { groupId: 'g', memberId, memberEpoch })
        : client.ask('Heartbeat', 3, { groupId: 'g', memberId, generationId, groupInstanceId: null })
    expect(await beat).toMatchObject({ errorCode: unknownMemberId })
    expect((await join(client)).errorCode).toBe(0)

    await client.ask('LeaveGroup', 3, { groupId: 'g', members: [{ memberId: kafka.group('g')?.memberIds[0] }] })
    expect(await client.ask('DeleteGroups', 1, { groupsNames: ['g'] })).toMatchObject({ results: [{ errorCode: 0 }] })
    await kafka.close()
    await using after = await start(directory.path)
    expect(after.group('g')).toBeUndefined()
  },
)

it('a group that changed to the classic protocol is a classic one', async () => {
  using directory = scratchDirectory()
  {
    await using kafka = await start(directory.path)
    kafka.createTopic('orders')
    await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
    using client = await connectRaw(kafka.bootstrapServers[0])
    const member = { groupId: 'g', memberId: 'a', rebalanceTimeoutMs: 60_000, subscribedTopicNames: ['orders'] }
    for (const memberEpoch of [0, -1])
      await client.ask('ConsumerGroupHeartbeat', 1, { ...member, memberEpoch, topicPartitions: [] })
    await client.ask('JoinGroup', 3, {
      groupId: 'g',
      memberId: '',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('') }],
    })
    expect(await listed(client)).toMatchObject([{ groupId: 'g', groupType: 'classic' }])
  }
  await using kafka = await start(directory.path)
  using client = await connectRaw(kafka.bootstrapServers[0])
  expect(await listed(client)).toMatchObject([{ groupId: 'g', groupType: 'classic' }])
})

async function listed(client: RawClient): Promise<unknown> {
  const { groups } = await client.ask<{ groups: unknown }>('ListGroups', 5, { statesFilter: [], typesFilter: [] })
  return groups
}
