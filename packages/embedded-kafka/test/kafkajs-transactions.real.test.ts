/** kafkajs' transactional producer, on this broker and on Apache Kafka: its users see the same. */
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { eventually } from './clients/steps.ts'
import { comparison } from './support/comparison.ts'
import { createPartitioner } from './support/kafkajs-client.ts'

async function whatHappens(brokers: string[]): Promise<unknown> {
  const client = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING, retry: { initialRetryTime: 50 } })
  const unique = crypto.randomUUID()
  const [topic, groupId, transactionalId] = [`orders-${unique}`, `g-${unique}`, `tx-${unique}`]
  const admin = client.admin()
  await admin.connect()
  await admin.createTopics({ waitForLeaders: true, topics: [{ topic, numPartitions: 1, replicationFactor: 1 }] })
  // A cluster that was never asked for a group makes its topic of offsets first, and kafkajs does not ask again within a transaction.
  await eventually(async () => (await admin.fetchOffsets({ groupId, topics: [topic] })).length, 1)
  const connected = async () => {
    const producer = client.producer({ createPartitioner, transactionalId, idempotent: true, maxInFlightRequests: 1 })
    await producer.connect()
    return producer
  }
  const begin = async (producer: kafkajs.Producer, value: string, offset: string) => {
    const transaction = await producer.transaction()
    const [receipt] = await transaction.send({ topic, messages: [{ value }] })
    await transaction.sendOffsets({
      consumerGroupId: groupId,
      topics: [{ topic, partitions: [{ partition: 0, offset }] }],
    })
    return { transaction, written: receipt?.baseOffset }
  }

  const first = await connected()
  const committed = await begin(first, 'committed', '3')
  await committed.transaction.commit()
  const aborted = await begin(first, 'aborted', '5')
  await aborted.transaction.abort()
  const open = await begin(first, 'fenced', '7')

  const second = await connected()
  const after = await begin(second, 'after', '9')
  await after.transaction.commit()
  const late = await open.transaction.commit().then(
    () => 'committed',
    ({ type }: kafkajs.KafkaJSProtocolError) => type,
  )

  const seen: string[] = []
  const consumer = client.consumer({ groupId: `readers-${unique}` })
  await consumer.connect()
  await consumer.subscribe({ topic, fromBeginning: true })
  const last = Promise.withResolvers<void>()
  await consumer.run({
    eachMessage: ({ message }) => {
      seen.push(`${message.offset} ${String(message.value)}`)
      if (String(message.value) === 'after') last.resolve()
      return Promise.resolve()
    },
  })
  await last.promise
  const offsets = await admin.fetchOffsets({ groupId, topics: [topic] })
  const ends = await admin.fetchTopicOffsets(topic)
  await Promise.all([consumer.disconnect(), first.disconnect(), second.disconnect(), admin.disconnect()])
  return {
    written: [committed, aborted, open, after].map(({ written }) => written),
    late,
    seen,
    offsets: offsets[0]?.partitions.map(({ offset }) => offset),
    ends: ends.map(({ offset }) => offset),
  }
}

it('kafkajs commits, aborts and fences alike', comparison, async () => {
  await using embedded = await startEmbeddedKafka()
  const real = process.env['TRIBUTARY_REAL_KAFKA']?.split(',') ?? []
  const [ours, theirs] = await Promise.all([whatHappens(embedded.bootstrapServers), whatHappens(real)])
  expect(ours).toEqual(theirs)
  expect(ours).toEqual({
    written: ['0', '2', '4', '6'],
    late: 'INVALID_PRODUCER_EPOCH',
    seen: ['0 committed', '6 after'],
    offsets: ['9'],
    ends: ['8'],
  })
})
