/** Transactions over three brokers, so that the coordinator is elsewhere than leaders, here and on Apache Kafka. */
import kafkajs from 'kafkajs'
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import type { Driver, Isolation, TransactionalProducer, Transactions } from './clients/driver.ts'
import { franzGo } from './clients/franz-go.ts'
import { kafkaJs } from './clients/kafkajs.ts'
import { eventually } from './clients/steps.ts'
import { comparison } from './support/comparison.ts'

const real = process.env['TRIBUTARY_REAL_KAFKA3']?.split(',')[0]

// kafkajs names its partitions to the coordinator; for franz-go the leaders do so (version 2).
it.each([kafkaJs, franzGo])('$name', { ...comparison, timeout: 240_000 }, async (client) => {
  if (!real) throw new Error('there is no cluster to compare with: set TRIBUTARY_REAL_KAFKA3 to host:port')
  await using kafka = await startEmbeddedKafka({ brokers: 3, autoCreateTopics: false })
  const answerOf = async (bootstrap: string, made: Made) => {
    const driver = await client.start(bootstrap)
    try {
      return await run(driver, bootstrap, made)
    } finally {
      await driver.close()
    }
  }
  const [theirs, ours] = await Promise.all([
    answerOf(real, () => {}),
    // Here the first partition of every topic begins on the first broker.
    answerOf(kafka.bootstrapServers[0] ?? '', (topic, count) => kafka.moveLeader(topic, 0, count % 3)),
  ])
  const expected = {
    late: 'fenced',
    committed: Array.from({ length: 3 }, () => ['committed', 'after']),
    everything: Array.from({ length: 3 }, () => ['committed', 'aborted', 'fenced', 'after']),
    offset: 9,
  }
  expect({ kafka: theirs, embedded: ours }).toEqual({ kafka: expected, embedded: expected })
})

/** Told of each topic, and of how many there were before it. */
type Made = (topic: string, count: number) => void

async function run(driver: Driver, bootstrap: string, made: Made): Promise<unknown> {
  const prefix = crypto.randomUUID()
  const { transactions } = driver
  if (!transactions) throw new Error('this client has no transactions')
  const topics = await topicOfEachBroker(driver, bootstrap, prefix, made)

  const first = await transactions.producer(prefix)
  await write(first, topics, 'committed')
  await first.commit()
  await write(first, topics, 'aborted')
  await first.abort()
  await write(first, topics, 'fenced')
  const second = await transactions.producer(prefix)
  await write(second, topics, 'after')
  await second.commit()
  const late = await first.commit()
  await Promise.all([first.close(), second.close()])

  const read = async (topic: string, isolation: Isolation, count: number) => {
    const member = await driver.join(`${topic}-${isolation}`, topic, isolation)
    const values = await member.take(count)
    await member.leave()
    return values
  }
  return {
    late,
    committed: await Promise.all(topics.map((topic) => read(topic, 'read_committed', 2))),
    everything: await Promise.all(topics.map((topic) => read(topic, 'read_uncommitted', 4))),
    offset: await transformedUpTo(driver, transactions, prefix, topics),
  }
}

async function write(producer: TransactionalProducer, topics: readonly string[], value: string): Promise<void> {
  await producer.begin()
  for (const topic of topics) await producer.send(topic, [value])
}

/** From a partition of one broker to those of the others; the group's coordinator is whichever broker it is. */
async function transformedUpTo(
  driver: Driver,
  transactions: Transactions,
  prefix: string,
  [source = '', ...targets]: readonly string[],
): Promise<number> {
  await driver.produce(source, [{ value: 'plain' }], { codec: 'none', idempotent: false })
  const group = `${prefix}-group`
  const transformer = await transactions.transformer(`${prefix}-transformer`, group, source)
  await transformer.take(3)
  await write(transformer, targets, 'transformed')
  await transformer.sendOffsets()
  await transformer.commit()
  await transformer.close()
  return eventually(() => driver.committed(group, source), 9)
}

/** Topics of one partition, until each broker leads one. */
async function topicOfEachBroker(driver: Driver, bootstrap: string, prefix: string, made: Made): Promise<string[]> {
  const client = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING })
  const admin = client.admin()
  await admin.connect()
  const byLeader = new Map<number, string>()
  for (let count = 0; byLeader.size < 3; count++) {
    const topic = `${prefix}-${count}`
    // It has one replica, where the cluster wants two by default.
    await driver.createTopic(topic, 1, { 'min.insync.replicas': '1' })
    await eventually(() => driver.partitions(topic), 1)
    made(topic, count)
    let leader = -1
    // Brokers hear of it one after the other.
    const isKnown = async () => {
      const { topics } = await admin.fetchTopicMetadata()
      leader = topics.find(({ name }) => name === topic)?.partitions[0]?.leader ?? -1
      return leader >= 0
    }
    await eventually(isKnown, true)
    byLeader.set(leader, topic)
  }
  await admin.disconnect()
  return [...byLeader.values()]
}
