import { describe, expect, it } from 'vitest'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const storageError = 56
const notCoordinator = 16
const oneRecord = (value: string) => recordBatch([{ value }])

async function setUp(options: EmbeddedKafkaOptions) {
  const warnings: string[] = []
  const kafka = await startEmbeddedKafka({ ...options, warn: (message) => warnings.push(message) })
  kafka.createTopic('orders', { partitions: 2 })
  const client = await connectRaw(kafka.bootstrapServers[0])
  const values = (): string[] => kafka.log('orders', 0).map(({ value }) => String(value))
  return { kafka, client, warnings, values, [Symbol.asyncDispose]: () => kafka.close() }
}

describe.each(['memory', 'files'])('a full disk, logs in %s', (where) => {
  const optionsFor = (dataDir: string): EmbeddedKafkaOptions => (where === 'memory' ? {} : { dataDir })

  it('refuses a batch, keeps what was there, and serves the other partitions of the request', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path))
    const { kafka, client, values } = ready
    expect(await produceTo(client, 'orders', oneRecord('a'))).toEqual([0])
    for (const afterBytes of [0, 1, 30, 65]) {
      using full = kafka.faults.diskFull({ topic: 'orders', partition: 0 }, afterBytes)
      expect(await produceTo(client, 'orders', oneRecord('b'), { partitions: [0, 1] })).toEqual([storageError, 0])
      expect(full.count).toBe(1)
    }
    expect(values()).toEqual(['a'])
    expect(await fetchFrom(client, { topic: 'orders' })).toMatchObject([{ errorCode: 0, highWatermark: 1n }])
    expect(ready.warnings).toHaveLength(4)
    expect(ready.warnings[0]).toMatch(/^broker 0 refuses Produce of orders: .*ENOSPC: no space left on device/)

    expect(await produceTo(client, 'orders', oneRecord('c'))).toEqual([0])
    expect(values()).toEqual(['a', 'c'])
    expect(kafka.offsets('orders', 1).endOffset).toBe(4n)
  })

  it('is over when there is room again: an idempotent producer goes on and nothing is there twice', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path))
    const full = ready.kafka.faults.diskFull({ topic: 'orders', times: 3 }, 10)
    const producer = kafkajsFor(ready.kafka).producer({ idempotent: true, createPartitioner })
    await producer.connect()
    for (const value of ['a', 'b']) await producer.send({ topic: 'orders', messages: [{ value, partition: 0 }] })
    await producer.disconnect()
    expect(full.count).toBe(3)
    expect(ready.values()).toEqual(['a', 'b'])
  })

  it('is that of one broker: partitions that others lead are written, until it leads them', async () => {
    using directory = scratchDirectory()
    await using kafka = await startEmbeddedKafka({ ...optionsFor(directory.path), brokers: 2, warn: () => {} })
    kafka.createTopic('orders', { partitions: 2 })
    using first = await connectRaw(kafka.bootstrapServers[0])
    using second = await connectRaw(kafka.bootstrapServers[1])
    const write = (client: RawClient, partition: number) =>
      produceTo(client, 'orders', oneRecord('a'), { partitions: [partition] })
    const full = kafka.faults.diskFull({ broker: 1, times: Number.POSITIVE_INFINITY })
    expect([await write(first, 0), await write(second, 1)]).toEqual([[0], [storageError]])
    kafka.moveLeader('orders', 1, 0)
    kafka.moveLeader('orders', 0, 1)
    expect([await write(first, 1), await write(second, 0)]).toEqual([[0], [storageError]])
    full.remove()
    expect(await write(second, 0)).toEqual([0])
    expect([0, 1].map((partition) => kafka.log('orders', partition).length)).toEqual([2, 1])
  })

  it('refuses commits and topics too when all of it is full, and reading goes on', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path))
    const { kafka, client } = ready
    await produceTo(client, 'orders', oneRecord('a'))
    const commit = (committedOffset: bigint) =>
      client.ask('OffsetCommit', 5, {
        groupId: 'g',
        memberId: '',
        generationIdOrMemberEpoch: -1,
        topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, committedOffset, committedMetadata: null }] }],
      })
    await commit(1n)
    {
      using _full = kafka.faults.diskFull({ times: Number.POSITIVE_INFINITY })
      expect(await commit(2n)).toMatchObject({ topics: [{ partitions: [{ errorCode: notCoordinator }] }] })
      const joining = { groupId: 'g', memberId: 'a', memberEpoch: 0, rebalanceTimeoutMs: 60_000, topicPartitions: [] }
      const topics = { subscribedTopicNames: ['orders'] }
      expect(await client.ask('ConsumerGroupHeartbeat', 1, { ...joining, ...topics })).toMatchObject({ errorCode: 0 })
      expect(await client.ask('ConsumerGroupHeartbeat', 1, { ...joining, memberEpoch: -1 })).toMatchObject({
        errorCode: 0,
      })
      const wanted = { name: 'new', numPartitions: 2, replicationFactor: 1, assignments: [], configs: [] }
      expect(await client.ask('CreateTopics', 4, { topics: [wanted], timeoutMs: 1_000 })).toMatchObject({
        topics: [{ errorCode: storageError }],
      })
      const grown = { name: 'orders', count: 5, assignments: null }
      expect(await client.ask('CreatePartitions', 1, { topics: [grown], timeoutMs: 1_000 })).toMatchObject({
        results: [{ errorCode: storageError }],
      })
      expect(await fetchFrom(client, { topic: 'orders' })).toMatchObject([{ errorCode: 0, highWatermark: 1n }])
    }
    expect(kafka.partitionCount('orders')).toBe(2)
    expect(kafka.committed('g')).toMatchObject([{ nextOffset: 1n }])
    expect(kafka.topics()).toEqual(['orders'])
    kafka.createTopic('new', { partitions: 2 })
    await commit(3n)
    expect(kafka.committed('g')).toMatchObject([{ nextOffset: 3n }])
  })
})

it('leaves nothing half-written for the next start to find', async () => {
  using directory = scratchDirectory()
  {
    await using ready = await setUp({ dataDir: directory.path })
    await produceTo(ready.client, 'orders', oneRecord('a'))
    ready.kafka.faults.diskFull({ topic: 'orders' }, 40)
    await produceTo(ready.client, 'orders', oneRecord('b'))
  }
  const warnings: string[] = []
  await using kafka = await startEmbeddedKafka({ dataDir: directory.path, warn: (message) => warnings.push(message) })
  expect(kafka.log('orders', 0)).toHaveLength(1)
  expect(warnings).toEqual([])
})
