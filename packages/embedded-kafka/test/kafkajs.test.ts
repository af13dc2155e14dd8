import type { Consumer, EachMessagePayload } from 'kafkajs'
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'

/** Collects what a consumer gets, and tells when something has come. */
function collector() {
  const messages: EachMessagePayload[] = []
  const waiting: { count: number; resolve: () => void }[] = []
  return {
    messages,
    values: () => messages.map(({ message }) => message.value?.toString()),
    take: async (payload: EachMessagePayload): Promise<void> => {
      messages.push(payload)
      for (const { count, resolve } of waiting) if (messages.length >= count) resolve()
    },
    until: (count: number): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (messages.length >= count) resolve()
      else waiting.push({ count, resolve })
      return promise
    },
  }
}

function nextAssignment(consumer: Consumer): Promise<Record<string, number[]>> {
  return new Promise((resolve) => {
    const remove = consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      remove()
      resolve(payload.memberAssignment)
    })
  })
}

describe('producing and consuming', () => {
  it('carries keys, values, headers and times from one end to the other', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('orders')
    const client = kafkajsFor(kafka)
    const producer = client.producer({ createPartitioner })
    await producer.connect()
    const sent = {
      key: 'a',
      value: 'first',
      headers: { repeated: ['1', '2'], single: Buffer.from([0, 255]) },
      timestamp: '1700000000000',
    }
    const [receipt] = await producer.send({ topic: 'orders', messages: [sent, { key: null, value: null }] })
    expect(receipt).toMatchObject({ partition: 0, errorCode: 0, baseOffset: '0', logStartOffset: '0' })

    const consumer = client.consumer({ groupId: 'reader' })
    const got = collector()
    await consumer.connect()
    await consumer.subscribe({ topics: ['orders'], fromBeginning: true })
    await consumer.run({ eachMessage: got.take })
    await got.until(2)
    expect(got.messages.map(({ message }) => message)).toMatchObject([
      { key: Buffer.from('a'), value: Buffer.from('first'), offset: '0', timestamp: '1700000000000' },
      { key: null, value: null, offset: '1' },
    ])
    await consumer.disconnect()
    await producer.disconnect()

    expect(kafka.log('orders', 0)[0]).toMatchObject({
      offset: 0n,
      timestamp: 1_700_000_000_000n,
      headers: [
        ['repeated', Buffer.from('1')],
        ['repeated', Buffer.from('2')],
        ['single', Buffer.from([0, 255])],
      ],
    })
    expect(kafka.committed('reader')).toMatchObject([{ topic: 'orders', partition: 0, nextOffset: 2n }])
  })

  it('keeps gzip batches as they were sent', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('packed')
    const producer = kafkajsFor(kafka).producer({ createPartitioner, idempotent: true })
    await producer.connect()
    const messages = Array.from({ length: 50 }, (_, index) => ({ value: `value ${index}` }))
    await producer.send({ topic: 'packed', messages, compression: 1 })
    await producer.disconnect()
    expect(kafka.log('packed', 0).map(({ value }) => value?.toString())).toEqual(messages.map(({ value }) => value))
    expect(kafka.rawBatches('packed', 0)[0]?.readInt16BE(21)).toBe(1)
  })

  it('wakes a waiting consumer as soon as something is appended', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('quiet')
    const client = kafkajsFor(kafka)
    const [producer, consumer] = [
      client.producer({ createPartitioner }),
      client.consumer({ groupId: 'g', maxWaitTimeInMs: 60_000 }),
    ]
    const got = collector()
    await Promise.all([producer.connect(), consumer.connect()])
    await consumer.subscribe({ topics: ['quiet'] })
    const joined = nextAssignment(consumer)
    // The fetch that finds nothing is the one that waits.
    const polls = kafka.faults.on('Fetch').run(() => {})
    await consumer.run({ eachMessage: got.take })
    await joined
    await polls.happened()
    await producer.send({ topic: 'quiet', messages: [{ value: 'at last' }] })
    await got.until(1)
    // kafkajs would wait for its long poll to end; cutting it short is what a broker's stop does.
    kafka.cutConnections()
    await consumer.disconnect()
    await producer.disconnect()
  })

  it('creates a topic for a client that asks for it, and none for one that does not', async () => {
    await using kafka = await startEmbeddedKafka()
    const producer = (allowAutoTopicCreation: boolean) =>
      kafkajsFor(kafka, { retry: { retries: 0 } }).producer({ createPartitioner, allowAutoTopicCreation })
    const [willing, strict] = [producer(true), producer(false)]
    await Promise.all([willing.connect(), strict.connect()])
    const messages = [{ value: 'x' }]
    await expect(strict.send({ topic: 'absent', messages })).rejects.toThrow('does not host this topic-partition')
    await willing.send({ topic: 'wanted', messages })
    expect(kafka.topics()).toEqual(['wanted'])
    await Promise.all([willing.disconnect(), strict.disconnect()])
  })
})

describe('a consumer group', () => {
  it('shares the partitions among its members, and gives them back when one leaves', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('shared', { partitions: 6 })
    const member = async () => {
      const consumer = kafkajsFor(kafka).consumer({ groupId: 'team', heartbeatInterval: 50, maxWaitTimeInMs: 50 })
      await consumer.connect()
      await consumer.subscribe({ topics: ['shared'] })
      const assigned = nextAssignment(consumer)
      await consumer.run({ eachMessage: async () => {} })
      return { consumer, assigned: await assigned }
    }
    const first = await member()
    expect(first.assigned['shared']).toHaveLength(6)
    const shrunk = nextAssignment(first.consumer)
    const second = await member()
    expect(
      [...((await shrunk)['shared'] ?? []), ...(second.assigned['shared'] ?? [])].toSorted((one, other) => one - other),
    ).toEqual([0, 1, 2, 3, 4, 5])
    expect(kafka.group('team')).toMatchObject({ state: 'Stable', memberIds: [expect.any(String), expect.any(String)] })
    const grown = nextAssignment(first.consumer)
    await second.consumer.disconnect()
    expect((await grown)['shared']).toHaveLength(6)
    await first.consumer.disconnect()
    expect(kafka.group('team')).toMatchObject({ state: 'Empty', memberIds: [] })
  })
})

describe('administration', () => {
  it('creates, grows, describes and deletes topics', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 3 })
    const admin = kafkajsFor(kafka).admin()
    await admin.connect()
    const topic = { topic: 'made', numPartitions: 3, configEntries: [{ name: 'max.message.bytes', value: '2000' }] }
    expect(await admin.createTopics({ topics: [topic] })).toBe(true)
    expect(await admin.createTopics({ topics: [topic] })).toBe(false)
    await admin.createPartitions({ topicPartitions: [{ topic: 'made', count: 5 }] })
    const { topics } = await admin.fetchTopicMetadata({ topics: ['made'] })
    expect(topics[0]?.partitions.map(({ leader, replicas }) => [leader, replicas.length])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [0, 3],
      [1, 3],
    ])
    const describe = async (name: string) =>
      (
        await admin.describeConfigs({
          includeSynonyms: false,
          resources: [{ type: 2, name: 'made', configNames: [name] }],
        })
      ).resources[0]?.configEntries[0]?.configValue
    expect(await describe('max.message.bytes')).toBe('2000')
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: 'made', configEntries: [{ name: 'retention.ms', value: '5000' }] }],
    })
    expect([await describe('retention.ms'), await describe('max.message.bytes')]).toEqual(['5000', '1048588'])
    expect(await admin.describeCluster()).toMatchObject({ brokers: [{ nodeId: 0 }, { nodeId: 1 }, { nodeId: 2 }] })
    await admin.deleteTopics({ topics: ['made'] })
    expect(await admin.listTopics()).toEqual([])
    await admin.disconnect()
  })

  it('lists offsets, deletes records, resets and deletes groups', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('kept')
    const client = kafkajsFor(kafka)
    const [admin, producer] = [client.admin(), client.producer({ createPartitioner })]
    await Promise.all([admin.connect(), producer.connect()])
    const at = (second: number) => ({ value: `${second}`, timestamp: `${1_700_000_000_000 + second * 1000}` })
    await producer.send({ topic: 'kept', messages: [at(0), at(1), at(2), at(3)] })
    expect(await admin.fetchTopicOffsetsByTimestamp('kept', 1_700_000_001_500)).toEqual([{ partition: 0, offset: '2' }])
    await admin.deleteTopicRecords({ topic: 'kept', partitions: [{ partition: 0, offset: '1' }] })
    expect(await admin.fetchTopicOffsets('kept')).toEqual([{ partition: 0, offset: '4', high: '4', low: '1' }])
    expect(kafka.log('kept', 0).map(({ offset }) => offset)).toEqual([1n, 2n, 3n])

    await commit(kafka, { groupId: 'g', topic: 'kept', nextOffset: 3n })
    expect(await admin.fetchOffsets({ groupId: 'g', topics: ['kept'] })).toMatchObject([
      { partitions: [{ offset: '3' }] },
    ])
    expect((await admin.listGroups()).groups).toEqual([{ groupId: 'g', protocolType: '' }])
    expect((await admin.describeGroups(['g'])).groups).toMatchObject([{ groupId: 'g', state: 'Empty' }])
    await admin.deleteGroups(['g'])
    await expect(admin.deleteGroups(['g'])).rejects.toMatchObject({ groups: [{ errorCode: 69 }] })
    await Promise.all([admin.disconnect(), producer.disconnect()])
  })
})
