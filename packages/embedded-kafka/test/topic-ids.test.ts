import { expect, it } from 'vitest'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { zeroUuid } from '../src/protocol/fields.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { settle } from './support/settle.ts'

interface ByPartition {
  responses: { partitionResponses: { errorCode: number }[]; partitions: { errorCode: number; records: Buffer[] }[] }[]
}

async function idOf(client: RawClient, name: string): Promise<string> {
  const { topics } = await client.ask<{ topics: { topicId: string }[] }>('Metadata', 13, { topics: [{ name }] })
  return topics[0]?.topicId ?? ''
}

async function setUp() {
  const kafka = await startEmbeddedKafka()
  kafka.createTopic('orders')
  const client = await connectRaw(kafka.bootstrapServers[0])
  return { kafka, client, topicId: await idOf(client, 'orders'), [Symbol.asyncDispose]: () => kafka.close() }
}

async function produceById(client: RawClient, topicId: string): Promise<number | undefined> {
  const partitionData = [{ index: 0, records: [recordBatch([{ value: 'x' }])] }]
  const answer = await client.ask<ByPartition>('Produce', 13, {
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ topicId, partitionData }],
  })
  return answer.responses[0]?.partitionResponses[0]?.errorCode
}

async function fetchById(client: RawClient, topicId: string, maxWaitMs = 0) {
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 1_000_000 }]
  const answer = await client.ask<ByPartition>('Fetch', 18, {
    maxWaitMs,
    minBytes: 1,
    maxBytes: 1_000_000,
    topics: [{ topicId, partitions }],
  })
  return answer.responses[0]?.partitions[0]
}

async function remakeTopic(kafka: EmbeddedKafka, client: RawClient): Promise<void> {
  await client.ask('DeleteTopics', 6, { topics: [{ name: 'orders' }], timeoutMs: 1_000 })
  kafka.createTopic('orders')
}

it('a topic that is made again under its old name has another id, and the old one finds nothing', async () => {
  await using ready = await setUp()
  const { kafka, client, topicId } = ready
  expect(await produceById(client, topicId)).toBe(0)
  await remakeTopic(kafka, client)
  expect(await idOf(client, 'orders')).not.toBe(topicId)
  expect(await produceById(client, topicId)).toBe(100)
  expect(await fetchById(client, topicId)).toMatchObject({ errorCode: 100 })
  expect(kafka.log('orders', 0)).toEqual([])
})

it('an id that is all zero is nobody’s, and no topic without a name', async () => {
  await using ready = await setUp()
  const { client } = ready
  expect(await produceById(client, zeroUuid)).toBe(100)
  expect(await fetchById(client, zeroUuid)).toMatchObject({ errorCode: 100 })
  const topics = [{ topicId: zeroUuid, partitionIndexes: [0] }]
  const offsets = await client.ask('OffsetFetch', 10, { groups: [{ groupId: 'g', memberId: null, topics }] })
  expect(offsets).toMatchObject({ groups: [{ topics: [{ partitions: [{ errorCode: 100 }] }] }] })
  expect(await client.ask('Metadata', 13, { topics: [{ name: null, topicId: zeroUuid }] })).toMatchObject({
    errorCode: -1,
    brokers: [],
  })
})

it('faults are staged by name for requests that go by id', async () => {
  await using ready = await setUp()
  const { kafka, client, topicId } = ready
  const others = kafka.faults.on('Produce', { topic: 'others' }).failWith('NOT_LEADER_OR_FOLLOWER')
  const fault = kafka.faults.on('Produce', { topic: 'orders' }).failWith('NOT_LEADER_OR_FOLLOWER')
  expect(await produceById(client, topicId)).toBe(6)
  expect(await produceById(client, topicId)).toBe(0)
  expect([fault.count, others.count]).toEqual([1, 0])
})

it('a fetch by id that waits is woken by an append, and by the end of the topic', async () => {
  await using ready = await setUp()
  const { kafka, client, topicId } = ready
  using writer = await connectRaw(kafka.bootstrapServers[0])
  const startFetch = async (id: string) => {
    using arrived = kafka.faults.on('Fetch').run(() => {})
    const answer = fetchById(client, id, 60_000)
    await arrived.happened()
    await settle()
    return { answer }
  }
  const filled = await startFetch(topicId)
  await produceById(writer, topicId)
  expect((await filled.answer)?.records).toHaveLength(1)

  kafka.createTopic('doomed')
  const doomedId = await idOf(writer, 'doomed')
  const ended = await startFetch(doomedId)
  await writer.ask('DeleteTopics', 6, { topics: [{ topicId: doomedId }], timeoutMs: 1_000 })
  expect(await ended.answer).toMatchObject({ errorCode: 100 })
})

it('commits and asks for offsets by id', async () => {
  await using ready = await setUp()
  const { kafka, client, topicId } = ready
  const partitions = [{ partitionIndex: 0, committedOffset: 5n, committedMetadata: null }]
  await client.ask('OffsetCommit', 10, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    topics: [{ topicId, partitions }],
  })
  expect(kafka.committed('g')).toMatchObject([{ topic: 'orders', nextOffset: 5n }])
  const { groups } = await client.ask<{ groups: unknown[] }>('OffsetFetch', 10, {
    groups: [{ groupId: 'g', topics: null }],
  })
  expect(groups).toMatchObject([{ topics: [{ topicId, partitions: [{ committedOffset: 5n }] }] }])
})
