import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const produceVersion = 7

function produce(client: RawClient, value: string, partitions = [0]) {
  const topicData = [
    { name: 'orders', partitionData: partitions.map((index) => ({ index, records: [recordBatch([{ value }])] })) },
  ]
  return client.ask<ProduceAnswer>('Produce', produceVersion, { acks: -1, timeoutMs: 1_000, topicData })
}

interface ProduceAnswer {
  responses: { partitionResponses: { index: number; errorCode: number; baseOffset: bigint }[] }[]
}

const errorsOf = (answer: ProduceAnswer) => answer.responses[0]?.partitionResponses.map(({ errorCode }) => errorCode)

function values(kafka: EmbeddedKafka, partition = 0) {
  return kafka.log('orders', partition).map(({ value }) => value?.toString())
}

async function setUp(options: EmbeddedKafkaOptions = {}) {
  const kafka = await startEmbeddedKafka(options)
  kafka.createTopic('orders', { partitions: 2 })
  const client = await connectRaw(kafka.bootstrapServers[0], 'shop')
  return { kafka, client, [Symbol.asyncDispose]: () => kafka.close() }
}

describe('failWith', () => {
  it('fails the chosen request only, and writes nothing', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const fault = kafka.faults.on('Produce', { topic: 'orders', nth: 2 }).failWith('NOT_LEADER_OR_FOLLOWER')
    expect(errorsOf(await produce(client, 'a'))).toEqual([0])
    expect(errorsOf(await produce(client, 'b'))).toEqual([6])
    expect(errorsOf(await produce(client, 'c'))).toEqual([0])
    expect(values(kafka)).toEqual(['a', 'c'])
    expect(fault).toMatchObject({ count: 1, matched: 2 })
  })

  it('fails one partition of a request and serves the others', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.faults.on('Produce', { topic: 'orders', partition: 1 }).failWith('NOT_LEADER_OR_FOLLOWER')
    expect(errorsOf(await produce(client, 'a', [0, 1]))).toEqual([0, 6])
    expect([values(kafka, 0), values(kafka, 1)]).toEqual([['a'], []])
  })

  it('after: writes, and says that it failed', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.faults.on('Produce').failWith('REQUEST_TIMED_OUT', 'after')
    expect(errorsOf(await produce(client, 'a'))).toEqual([7])
    expect(values(kafka)).toEqual(['a'])
  })

  it('refuses whole requests of other APIs', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.faults.on('Heartbeat', { group: 'g', times: 2 }).failWith('ILLEGAL_GENERATION')
    const beat = (groupId: string) =>
      client.ask('Heartbeat', 3, { groupId, memberId: 'm', generationId: 1, groupInstanceId: null })
    expect(await beat('other')).toMatchObject({ errorCode: 25 })
    expect(await beat('g')).toMatchObject({ errorCode: 22 })
    expect(await beat('g')).toMatchObject({ errorCode: 22 })
    expect(await beat('g')).toMatchObject({ errorCode: 25 })
  })

  it('fails one partition where a request of the same API can fail as a whole too', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
    const fault = kafka.faults.on('OffsetDelete', { topic: 'orders', partition: 1 }).failWith('KAFKA_STORAGE_ERROR')
    const partitions = [0, 1].map((partitionIndex) => ({ partitionIndex }))
    expect(await client.ask('OffsetDelete', 0, { groupId: 'g', topics: [{ name: 'orders', partitions }] })).toEqual({
      errorCode: 0,
      throttleTimeMs: 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            { partitionIndex: 0, errorCode: 0 },
            { partitionIndex: 1, errorCode: 56 },
          ],
        },
      ],
    })
    expect(kafka.committed('g')).toEqual([])
    expect(fault.count).toBe(1)
  })

  it('is for a topic that a request means without naming it', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
    kafka.faults.on('OffsetFetch', { group: 'g', topic: 'payments' }).failWith('NOT_COORDINATOR')
    kafka.faults.on('OffsetFetch', { group: 'g', topic: 'orders' }).failWith('COORDINATOR_LOAD_IN_PROGRESS')
    expect(await client.ask('OffsetFetch', 5, { groupId: 'g', topics: null })).toMatchObject({
      errorCode: 0,
      topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, errorCode: 14 }] }],
    })
  })

  it('takes no broker for a topic whose name is the same', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const fault = kafka.faults.on('DescribeConfigs', { topic: '0' }).failWith('KAFKA_STORAGE_ERROR')
    const brokerResource = { resourceType: 4, resourceName: '0', configurationKeys: [] }
    expect(await client.ask('DescribeConfigs', 1, { resources: [brokerResource] })).toMatchObject({
      results: [{ errorCode: 0 }],
    })
    expect(fault.matched).toBe(0)
  })

  it('lasts until it is removed when it says so', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    {
      using fault = kafka.faults.on('Produce', { times: Number.POSITIVE_INFINITY }).failWith('KAFKA_STORAGE_ERROR')
      for (let attempt = 0; attempt < 5; attempt++) expect(errorsOf(await produce(client, 'a'))).toEqual([56])
      expect(fault.count).toBe(5)
    }
    expect(errorsOf(await produce(client, 'a'))).toEqual([0])
  })

  it('is for the client, broker and topic that it names', async () => {
    await using ready = await setUp({ brokers: 2 })
    const { kafka, client } = ready
    kafka.faults.on('Produce', { clientId: 'else' }).failWith('KAFKA_STORAGE_ERROR')
    kafka.faults.on('Produce', { broker: 1 }).failWith('KAFKA_STORAGE_ERROR')
    kafka.faults.on('Produce', { topic: 'else' }).failWith('KAFKA_STORAGE_ERROR')
    expect(errorsOf(await produce(client, 'a'))).toEqual([0])
  })
})

describe('dropConnection', () => {
  it('before: nothing is written', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const fault = kafka.faults.on('Produce').dropConnection('before')
    await expect(produce(client, 'a')).rejects.toThrow('closed the connection')
    await fault.happened()
    expect(values(kafka)).toEqual([])
  })

  it('after: written, and only the answer is lost', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    kafka.faults.on('Produce').dropConnection('after')
    await expect(produce(client, 'a')).rejects.toThrow('closed the connection')
    expect(values(kafka)).toEqual(['a'])
  })
})

describe('hold', () => {
  it('after: written at once, answered when released', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const fault = kafka.faults.on('Produce').hold('after')
    const answer = produce(client, 'a')
    await fault.happened()
    expect(values(kafka)).toEqual(['a'])
    fault.release()
    expect(errorsOf(await answer)).toEqual([0])
  })

  it('before: applied when released, although its client is gone and others were served meanwhile', async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    using other = await connectRaw(kafka.bootstrapServers[0])
    const fault = kafka.faults.on('Produce', { clientId: 'shop' }).hold('before')
    const answer = produce(client, 'late')
    await fault.happened()
    client.socket.destroy()
    await expect(answer).rejects.toThrow()
    await produce(other, 'early')
    const applied = kafka.faults.on('Metadata').run(() => {})
    fault.release()
    await other.ask('Metadata', 6, { topics: [], allowAutoTopicCreation: false })
    await applied.happened()
    expect(values(kafka)).toEqual(['early', 'late'])
  })
})

it('delay answers late, never does not answer, and both apply', async () => {
  await using ready = await setUp()
  const { kafka, client } = ready
  kafka.faults.on('Produce').delay(20, 'after')
  const started = performance.now()
  await produce(client, 'a')
  expect(performance.now() - started).toBeGreaterThanOrEqual(19)
  const silent = kafka.faults.on('Produce').never()
  let isAnswered = false
  void produce(client, 'b').then(
    () => (isAnswered = true),
    () => {},
  )
  await silent.happened()
  expect(values(kafka)).toEqual(['a', 'b'])
  expect(isAnswered).toBe(false)
})

it('run stages whatever else can happen at that moment', async () => {
  await using kafka = await startEmbeddedKafka({ brokers: 2 })
  kafka.createTopic('orders')
  using client = await connectRaw(kafka.bootstrapServers[0])
  kafka.faults.on('Produce').run(() => kafka.moveLeader('orders', 0, 1))
  expect(errorsOf(await produce(client, 'a'))).toEqual([6])
})

it('pauseAnswers keeps everything waiting, and nothing is lost when it ends', async () => {
  await using ready = await setUp()
  const { kafka, client } = ready
  const resume = kafka.pauseAnswers()
  const answer = produce(client, 'a')
  // A second connection is accepted, as by a stopped process, and waits too.
  using other = await connectRaw(kafka.bootstrapServers[0])
  const metadata = other.ask('Metadata', 6, { topics: [], allowAutoTopicCreation: false })
  expect(values(kafka)).toEqual([])
  resume()
  expect(errorsOf(await answer)).toEqual([0])
  await metadata
  expect(values(kafka)).toEqual(['a'])
})

it('cutConnections cuts those of one client', async () => {
  await using ready = await setUp()
  const { kafka, client } = ready
  using other = await connectRaw(kafka.bootstrapServers[0], 'other')
  await Promise.all([produce(client, 'a'), produce(other, 'b')])
  expect(kafka.cutConnections({ clientId: 'shop' })).toBe(1)
  await client.closed
  expect(errorsOf(await produce(other, 'c'))).toEqual([0])
})

describe('a broker that goes down in the middle of a request', () => {
  it('before it is applied: nothing is written, and another broker takes over', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2 })
    kafka.createTopic('orders')
    using client = await connectRaw(kafka.bootstrapServers[0])
    kafka.faults.on('Produce', { broker: 0 }).run(({ broker }) => kafka.stopBroker(broker))
    await expect(produce(client, 'a')).rejects.toThrow('closed the connection')
    kafka.faults.assertAllHappened()
    expect(values(kafka)).toEqual([])
    using next = await connectRaw(kafka.bootstrapServers[1])
    expect(errorsOf(await produce(next, 'a'))).toEqual([0])
    await kafka.startBroker(0)
  })

  it('after it is applied: written, and nobody says so', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2 })
    kafka.createTopic('orders')
    using client = await connectRaw(kafka.bootstrapServers[0])
    kafka.faults.on('Produce').run(({ broker }) => kafka.stopBroker(broker), 'after')
    await expect(produce(client, 'a')).rejects.toThrow('closed the connection')
    expect(values(kafka)).toEqual(['a'])
  })
})

it.each(['memory', 'files'])('a request that is held at the end of the cluster disturbs nothing: %s', async (where) => {
  using directory = scratchDirectory()
  const warnings: string[] = []
  const options = where === 'files' ? { dataDir: directory.path } : {}
  await using ready = await setUp({ ...options, warn: (message) => warnings.push(message) })
  const { kafka, client } = ready
  const fault = kafka.faults.on('Produce').hold('before')
  const answer = produce(client, 'a')
  await fault.happened()
  await Promise.all([kafka.close(), expect(answer).rejects.toThrow('closed the connection')])
  expect(warnings).toEqual([])
})
