/** Transactions through the protocol: what readers see, when their time is over, and who is refused. */
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { loggedValues } from './support/logged-values.ts'
import { connectRaw } from './support/raw-client.ts'
import { type BatchOptions, recordBatch } from './support/record-batch.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const topic = 'orders'

describe('kafkajs', () => {
  it('commits records and offsets together, and takes both back', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic(topic)
    const client = kafkajsFor(kafka)
    const producer = client.producer({
      createPartitioner,
      transactionalId: 'tx',
      maxInFlightRequests: 1,
      idempotent: true,
    })
    await producer.connect()
    const run = async (value: string, offset: string) => {
      const transaction = await producer.transaction()
      await transaction.send({ topic, messages: [{ value }] })
      await transaction.sendOffsets({
        consumerGroupId: 'g',
        topics: [{ topic, partitions: [{ partition: 0, offset }] }],
      })
      return transaction
    }
    await (await run('committed', '5')).commit()
    await (await run('aborted', '9')).abort()
    expect(loggedValues(kafka)).toEqual(['committed', 'aborted'])
    expect(loggedValues(kafka, 'read_committed')).toEqual(['committed'])
    expect(kafka.committed('g')).toMatchObject([{ nextOffset: 5n }])

    const seen: (string | undefined)[] = []
    const consumer = client.consumer({ groupId: 'readers' })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const last = Promise.withResolvers<void>()
    await consumer.run({
      eachMessage: async ({ message }) => {
        seen.push(message.value?.toString())
        if (seen.at(-1) === 'last') last.resolve()
      },
    })
    await (await run('last', '10')).commit()
    await last.promise
    expect(seen).toEqual(['committed', 'last'])
    await consumer.disconnect()
    await producer.disconnect()
  })
})

describe('the time of a transaction', () => {
  it('runs by the clock of the broker, from the first partition on', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic(topic)
    using producer = await TransactionalProducer.begin(kafka, { timeoutMs: 10_000 })
    await kafka.advanceClock(10_001)
    expect(await producer.write('late?')).toBe(0)
    await kafka.advanceClock(8_000)
    expect(kafka.transaction('tx')?.state).toBe('Ongoing')
    await kafka.advanceClock(2_000)
    expect(kafka.transaction('tx')).toMatchObject({ state: 'CompleteAbort', partitions: [] })
    expect(loggedValues(kafka, 'read_committed')).toEqual([])
    expect(await producer.end(true)).toBe(48)
    expect(await producer.write('late')).toBe(47)
  })

  it('needs no timer once the transaction has ended', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic(topic)
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length
    using producer = await TransactionalProducer.begin(kafka)
    const before = timers()
    await producer.write('a')
    await producer.end(true)
    await kafka.advanceClock(15_000)
    expect(timers()).toBeLessThanOrEqual(before)
  })
})

describe('brokers', () => {
  it('send a producer on when another one coordinates its id', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 3 })
    const coordinator = kafka.transactionCoordinatorOf('tx') ?? -1
    const [other = -1] = [0, 1, 2].filter((id) => id !== coordinator)
    const init = { transactionalId: 'tx', transactionTimeoutMs: 1_000 }
    const askInit = async (id: number) => {
      using client = await connectRaw(kafka.bootstrapServers[id])
      return (await client.ask<{ errorCode: number }>('InitProducerId', 1, init)).errorCode
    }
    expect(await askInit(other)).toBe(16)
    kafka.moveTransactionCoordinator('tx', other)
    expect(await askInit(other)).toBe(0)
    expect(await askInit(coordinator)).toBe(16)
    await kafka.stopBroker(other)
    expect(kafka.transactionCoordinatorOf('tx')).not.toBe(other)
    expect(await askInit(kafka.transactionCoordinatorOf('tx') ?? -1)).toBe(0)
  })

  it('write a marker when the partition has a leader again, and the transaction waits for it', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2, defaultReplicationFactor: 1 })
    kafka.createTopic(topic, { partitions: 2 })
    kafka.moveTransactionCoordinator('tx', 0)
    using producer = await TransactionalProducer.begin(kafka)
    await producer.write('here', 0)
    await producer.write('there', 1)
    await kafka.stopBroker(1)
    expect(await producer.end(true)).toBe(0)
    expect(kafka.transaction('tx')).toMatchObject({ state: 'PrepareCommit', partitions: [{ topic, partition: 1 }] })
    expect(kafka.log(topic, 0, 'read_committed')).toHaveLength(1)
    expect(kafka.log(topic, 1, 'read_committed')).toHaveLength(0)
    expect(await producer.write('too early', 0)).toBe(19)
    await kafka.startBroker(1)
    expect(kafka.transaction('tx')?.state).toBe('CompleteCommit')
    expect(kafka.log(topic, 1, 'read_committed')).toHaveLength(1)
  })
})

it('asks for the right to a transactional id, and for none to the cluster then', async () => {
  const asked: string[] = []
  await using kafka = await startEmbeddedKafka({
    authorize({ operation, resource, name }) {
      asked.push(`${operation} ${resource} ${name}`)
      return name === 'mine'
    },
  })
  using client = await connectRaw(kafka.bootstrapServers[0])
  const begin = (transactionalId: string | null) =>
    client.ask('InitProducerId', 4, { transactionalId, transactionTimeoutMs: 1_000 })
  expect(await begin('mine')).toMatchObject({ errorCode: 0 })
  expect(await begin('theirs')).toMatchObject({ errorCode: 53 })
  expect(await begin(null)).toMatchObject({ errorCode: 31 })
  expect(asked).toEqual([
    'Write transactional-id mine',
    'Write transactional-id theirs',
    'IdempotentWrite cluster kafka-cluster',
  ])
})

it('a fault can be staged for a transactional id', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic(topic)
  using lost = kafka.faults.on('EndTxn', { transactionalId: 'tx' }).dropConnection('after')
  using other = kafka.faults.on('EndTxn', { transactionalId: 'other' }).failWith('PRODUCER_FENCED')
  using producer = await TransactionalProducer.begin(kafka)
  await producer.write('a')
  await expect(producer.end(true)).rejects.toThrow('closed the connection')
  expect([lost.count, other.count]).toEqual([1, 0])
  using again = await producer.on(kafka)
  expect(await again.end(true)).toBe(0)
  expect(loggedValues(kafka, 'read_committed')).toEqual(['a'])
})

it('asks no coordinator for a producer that the partition knows in a newer epoch', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic(topic)
  using client = await connectRaw(kafka.bootstrapServers[0])
  const { producerId, producerEpoch } = await client.ask<{ producerId: bigint; producerEpoch: number }>(
    'InitProducerId',
    5,
    { transactionalId: 'tx', transactionTimeoutMs: 60_000 },
  )
  const write = async (over: BatchOptions) => {
    const batch = recordBatch([{ value: 'x' }], { producerId, producerEpoch, baseSequence: 0, ...over })
    const { responses } = await client.ask<{
      responses: { partitionResponses: { errorCode: number; logStartOffset: bigint }[] }[]
    }>('Produce', 12, {
      transactionalId: 'tx',
      acks: -1,
      timeoutMs: 1_000,
      topicData: [{ name: topic, partitionData: [{ records: [batch] }] }],
    })
    return responses[0]?.partitionResponses[0]
  }
  expect(await write({ producerEpoch: producerEpoch + 1 })).toMatchObject({ errorCode: 0 })
  expect(await write({ attributes: 0x10 })).toMatchObject({ errorCode: 47, logStartOffset: -1n })
  expect(kafka.transaction('tx')).toMatchObject({ state: 'Empty' })
})
