import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

interface Forgotten {
  errorCode: number
  topics: { partitions: { errorCode: number }[] }[]
}

/** The error of the whole, or of the one partition that was named. */
async function forget(client: RawClient, groupId: string, topic: string): Promise<number | undefined> {
  const topics = [{ name: topic, partitions: [{ partitionIndex: 0 }] }]
  const answer = await client.ask<Forgotten>('OffsetDelete', 0, { groupId, topics })
  return answer.errorCode === 0 ? answer.topics[0]?.partitions[0]?.errorCode : answer.errorCode
}

/** Joins alone, with the bytes by which consumers tell their topics, or with others. */
async function joinWith(client: RawClient, groupId: string, metadata: Buffer): Promise<void> {
  const wish = {
    groupId,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata }],
  }
  await client.ask('JoinGroup', 0, wish)
}

async function setUp() {
  const kafka = await startEmbeddedKafka()
  for (const topic of ['read', 'left']) {
    kafka.createTopic(topic)
    await commit(kafka, { groupId: 'g', topic, nextOffset: 1n })
  }
  const client = await connectRaw(kafka.bootstrapServers[0])
  return { kafka, client, [Symbol.asyncDispose]: () => kafka.close() }
}

it('forgets what a group committed for a topic that no member reads', async () => {
  await using ready = await setUp()
  const { kafka, client } = ready
  // Version 0, one topic: "read", and no data of the consumer's own.
  await joinWith(client, 'g', Buffer.from([0, 0, 0, 0, 0, 1, 0, 4, ...Buffer.from('read'), 0, 0, 0, 0]))
  expect(await forget(client, 'g', 'read')).toBe(86)
  expect(await forget(client, 'g', 'left')).toBe(0)
  expect(kafka.committed('g').map(({ topic }) => topic)).toEqual(['read'])
})

it('takes metadata that is no subscription for one to all topics', async () => {
  await using ready = await setUp()
  const { client } = ready
  await joinWith(client, 'g', Buffer.from([0, 0, 0x7f, 0xff, 0xff, 0xff]))
  expect(await forget(client, 'g', 'read')).toBe(86)
})

it('knows no offsets of a group or a topic that does not exist', async () => {
  await using ready = await setUp()
  const { client } = ready
  expect(await forget(client, 'absent', 'read')).toBe(69)
  expect(await forget(client, 'g', 'absent')).toBe(3)
})

it('forgets what an open transaction wants to commit there, which its end does not bring back', async () => {
  await using ready = await setUp()
  const { kafka, client } = ready
  using producer = await TransactionalProducer.begin(kafka, { topic: 'read' })
  await producer.commitOffset('g', 7n)
  expect(await forget(client, 'g', 'read')).toBe(0)
  expect(await producer.end(true)).toBe(0)
  expect(kafka.committed('g').map(({ topic }) => topic)).toEqual(['left'])
})
