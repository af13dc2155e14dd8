import { type EmbeddedKafka, startEmbeddedKafka } from '@tributary/embedded-kafka'
import kafkajs from 'kafkajs'
import { afterEach, beforeEach, expect, it } from 'vitest'

let kafka: EmbeddedKafka

beforeEach(async () => {
  kafka = await startEmbeddedKafka({ brokers: 3, autoCreateTopics: false, warn: () => {} })
  kafka.createTopic('orders', { partitions: 2 })
})

afterEach(async () => {
  kafka.faults.assertAllHappened() // a fault that was never hit has tested nothing
  await kafka.close()
})

/** The code under test: here kafkajs itself, with patience. */
const client = (clientId = 'shop') =>
  new kafkajs.Kafka({
    clientId,
    brokers: kafka.bootstrapServers,
    logLevel: kafkajs.logLevel.NOTHING,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 50 },
  })

async function publish(...values: string[]) {
  const producer = client().producer({ idempotent: true, createPartitioner: kafkajs.Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic: 'orders', messages: values.map((value) => ({ value, partition: 0 })) })
  await producer.disconnect()
}

async function consume(count: number) {
  const consumer = client().consumer({ groupId: 'billing', maxWaitTimeInMs: 50 })
  const { promise, resolve } = Promise.withResolvers<void>()
  const values: string[] = []
  await consumer.connect()
  await consumer.subscribe({ topic: 'orders', fromBeginning: true })
  await consumer.run({
    eachMessage: async ({ message }) => {
      if (values.push(String(message.value)) === count) resolve()
    },
  })
  await promise
  await consumer.disconnect()
  return values
}

const written = () => kafka.log('orders', 0).map(({ value }) => String(value))

it('an error code: a leader that says it is none costs an attempt, and no record', async () => {
  kafka.faults.on('Produce', { topic: 'orders', partition: 0, times: 2 }).failWith('NOT_LEADER_OR_FOLLOWER')
  await publish('paid')
  expect(written()).toEqual(['paid'])
})

it('a lie: what is reported as failed was written, and is sent again', async () => {
  kafka.faults.on('Produce', { topic: 'orders' }).failWith('REQUEST_TIMED_OUT', 'after')
  await publish('paid')
  expect(written()).toEqual(['paid'])
})

it.each(['before', 'after'] as const)('a connection that breaks %s the record is written', async (when) => {
  kafka.faults.on('Produce', { clientId: 'shop' }).dropConnection(when)
  await publish('paid')
  expect(written()).toEqual(['paid'])
})

it('half an answer: the connection breaks in the middle of the records', async () => {
  await publish('ordered', 'paid', 'shipped')
  kafka.faults.on('Fetch', { topic: 'orders', partition: 0 }).cutAnswerAfter(100)
  expect(await consume(3)).toEqual(['ordered', 'paid', 'shipped'])
})

it('an answer without a part: metadata that say nothing of the topic', async () => {
  kafka.faults.on('Metadata', { topic: 'orders' }).leaveOut()
  await publish('paid')
  expect(written()).toEqual(['paid'])
})

it('a late write: the client has given up and sent it again, and then the first one arrives', async () => {
  const late = kafka.faults.on('Produce', { topic: 'orders' }).hold('before')
  const published = publish('paid')
  await late.happened()
  kafka.cutConnections({ clientId: 'shop' })
  await published
  late.release()
  await publish('shipped')
  expect(written()).toEqual(['paid', 'shipped'])
})

it('a leader that moves between two requests', async () => {
  kafka.faults.on('Produce', { topic: 'orders', nth: 2 }).run(() => kafka.moveLeader('orders', 0, 2))
  await publish('ordered')
  await publish('paid')
  expect(written()).toEqual(['ordered', 'paid'])
  expect(kafka.leaderOf('orders', 0)).toBe(2)
})

it('a coordinator that moves while a member joins', async () => {
  await publish('paid')
  const elsewhere = kafka.coordinatorOf('billing') === 0 ? 1 : 0
  kafka.faults.on('SyncGroup', { group: 'billing' }).run(() => kafka.moveCoordinator('billing', elsewhere))
  expect(await consume(1)).toEqual(['paid'])
  expect(kafka.coordinatorOf('billing')).toBe(elsewhere)
})

it('a broker that goes down with the record, and comes back', async () => {
  const leader = kafka.leaderOf('orders', 0)
  kafka.faults.on('Produce', { topic: 'orders' }).run(({ broker }) => kafka.stopBroker(broker), 'after')
  await publish('paid')
  await kafka.startBroker(leader)
  expect(written()).toEqual(['paid'])
})

it('a full disk, and room again', async () => {
  const full = kafka.faults.diskFull({ broker: kafka.leaderOf('orders', 0), times: Number.POSITIVE_INFINITY })
  const published = publish('paid')
  await full.happened(2)
  full.remove()
  await published
  expect(written()).toEqual(['paid'])
})

it('every third request of one client is answered late', async () => {
  const slow = kafka.faults.onAny({ clientId: 'shop', every: 3 }).delay(20, 'after')
  await publish('paid')
  expect(slow.count).toBeGreaterThan(0)
})

it('a transaction whose time is over is aborted', async () => {
  const producer = client().producer({ transactionalId: 'till', transactionTimeout: 60_000, idempotent: true })
  await producer.connect()
  const transaction = await producer.transaction()
  await transaction.send({ topic: 'orders', messages: [{ value: 'paid', partition: 0 }] })
  await kafka.advanceClock(60_000)
  await expect(transaction.commit()).rejects.toThrow()
  expect(kafka.log('orders', 0, 'read_committed')).toEqual([])
  await producer.disconnect()
})
