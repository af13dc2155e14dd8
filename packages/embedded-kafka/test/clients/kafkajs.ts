import kafkajs, { type Admin, type Kafka } from 'kafkajs'
import type { Client, Driver, Isolation, Member, Position, Producing, Received, Sent, Transactions } from './driver.ts'
import { Inbox } from './inbox.ts'
import { KafkaJsMember } from './kafkajs-member.ts'
import { kafkaJsTransactions } from './kafkajs-transactions.ts'

const { CompressionTypes, ConfigResourceTypes, Partitioners, logLevel } = kafkajs

export const kafkaJs: Client = {
  name: 'kafkajs',
  // The others need packages of their own.
  codecs: ['none', 'gzip'],
  async start(bootstrap) {
    const kafka = new kafkajs.Kafka({ clientId: 'kafkajs', brokers: [bootstrap], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    return new KafkaJsDriver(kafka, admin)
  },
}

class KafkaJsDriver implements Driver {
  readonly #kafka: Kafka
  readonly #admin: Admin
  readonly transactions: Transactions

  constructor(kafka: Kafka, admin: Admin) {
    this.#kafka = kafka
    this.#admin = admin
    this.transactions = kafkaJsTransactions(kafka)
  }

  async createTopic(topic: string, numPartitions: number, configs: Readonly<Record<string, string>>): Promise<void> {
    const configEntries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await this.#admin.createTopics({ topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }] })
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    await this.#admin.createPartitions({ topicPartitions: [{ topic, count: total }] })
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#admin.deleteTopics({ topics: [topic] })
  }

  async partitions(topic: string): Promise<number> {
    if (!(await this.#admin.listTopics()).includes(topic)) return 0
    const { topics } = await this.#admin.fetchTopicMetadata({ topics: [topic] })
    return topics[0]?.partitions.length ?? 0
  }

  async setting(topic: string, name: string): Promise<string> {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: [name] }
    const { resources } = await this.#admin.describeConfigs({ includeSynonyms: false, resources: [resource] })
    return String(resources[0]?.configEntries[0]?.configValue)
  }

  async changeSetting(topic: string, name: string, value: string): Promise<void> {
    const resource = { type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }
    await this.#admin.alterConfigs({ validateOnly: false, resources: [resource] })
  }

  async produce(topic: string, records: readonly Sent[], { codec, idempotent }: Producing): Promise<void> {
    const producer = this.#kafka.producer({ idempotent, createPartitioner: Partitioners.DefaultPartitioner })
    await producer.connect()
    await producer.send({
      topic,
      compression: codec === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None,
      messages: records.map(({ key, value, headers, timestamp }) => ({
        partition: 0,
        key: key ?? null,
        value,
        ...(headers ? { headers } : {}),
        ...(timestamp === undefined ? {} : { timestamp: String(timestamp) }),
      })),
    })
    await producer.disconnect()
  }

  async read(topic: string, from: Position, count: number): Promise<Received[]> {
    const [found] = 'offset' in from ? [] : await this.#admin.fetchTopicOffsetsByTimestamp(topic, from.timestamp)
    const offset = 'offset' in from ? String(from.offset) : (found?.offset ?? '-1')
    const consumer = this.#kafka.consumer({ groupId: `reader-${crypto.randomUUID()}`, maxWaitTimeInMs: 100 })
    const inbox = new Inbox<Received>()
    // Only a consumer that has joined can seek, and `run` returns before it has.
    const joined = new Promise<void>((resolve) => consumer.on('consumer.group_join', () => resolve()))
    await consumer.connect()
    await consumer.subscribe({ topics: [topic], fromBeginning: true })
    await consumer.run({
      autoCommit: false,
      eachMessage: ({ message }) => {
        const headers = Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])
        // What was fetched before the seek took effect may still come.
        if (BigInt(message.offset) >= BigInt(offset))
          inbox.put({
            offset: Number(message.offset),
            key: message.key?.toString() ?? null,
            value: message.value?.toString() ?? null,
            headers: Object.fromEntries(headers),
          })
        return Promise.resolve()
      },
    })
    await joined
    consumer.seek({ topic, partition: 0, offset })
    const records = await inbox.take(count)
    await consumer.disconnect()
    return records
  }

  join(group: string, topic: string, isolation: Isolation): Promise<Member> {
    return KafkaJsMember.join(this.#kafka, group, topic, isolation)
  }

  async committed(groupId: string, topic: string): Promise<number> {
    const [found] = await this.#admin.fetchOffsets({ groupId, topics: [topic] })
    return Number(found?.partitions.find(({ partition }) => partition === 0)?.offset ?? -1)
  }

  async groupState(group: string): Promise<string> {
    return String((await this.#admin.describeGroups([group])).groups[0]?.state)
  }

  async deleteGroup(group: string): Promise<void> {
    await this.#admin.deleteGroups([group])
  }

  deleteRecords(topic: string, before: number): Promise<void> {
    return this.#admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: String(before) }] })
  }

  close(): Promise<void> {
    return this.#admin.disconnect()
  }
}
