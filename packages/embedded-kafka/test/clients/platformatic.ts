import { Admin, ConfigResourceTypes, IncrementalAlterConfigOperationTypes, Producer } from '@platformatic/kafka'
import {
  type Client,
  type Driver,
  type GroupProtocol,
  groupScenarios,
  type Isolation,
  type Member,
  type Position,
  type Received,
  type Sent,
  type Transactions,
} from './driver.ts'
import { Inbox } from './inbox.ts'
import { consumerOf, PlatformaticMember } from './platformatic-member.ts'
import { PlatformaticTransactional } from './platformatic-transactions.ts'
import { transformerOf } from './transformer.ts'

const bytes = { key: asBytes, value: asBytes, headerKey: asBytes, headerValue: asBytes }

function asBytes(data?: string): Buffer | undefined {
  return data === undefined ? undefined : Buffer.from(data)
}

/** Of several aborted transactions of one producer in an answer, it leaves out the last only. */
const readsAborted = {
  answer: {
    late: 'fenced',
    uncommitted: ['plain 0', 'committed 1', 'aborted 3', 'fenced 5', 'committed 7', 'open 9', 'plain 10'],
    committed: ['plain 0', 'committed 1', 'aborted 3'],
    afterAbort: ['committed 7'],
    last: 'plain 10',
  },
  why: '@platformatic/kafka 2.12.1 reads aborted records, from Apache Kafka too, when one producer has aborted twice',
}

export const platformatic: Client = {
  name: 'platformatic',
  peculiar: { transactions: readsAborted },
  start: (bootstrap) => Promise.resolve(new PlatformaticDriver(bootstrap, 'classic')),
}

export const platformaticInConsumerGroups: Client = {
  name: 'platformatic-consumer',
  cannot: {
    transform:
      '@platformatic/kafka 2.12.1 sends offsets in a transaction without the epoch of the member, and Kafka refuses them',
  },
  only: groupScenarios,
  start: (bootstrap) => Promise.resolve(new PlatformaticDriver(bootstrap, 'consumer')),
}

/** It wraps what the broker said in errors of its own, sometimes several. */
function isAbout(text: string, error: unknown): boolean {
  const { message, cause, errors = [] } = error as Error & { errors?: unknown[] }
  return (
    message.includes(text) ||
    (cause !== undefined && isAbout(text, cause)) ||
    errors.some((each) => isAbout(text, each))
  )
}

class PlatformaticDriver implements Driver {
  readonly #options: { clientId: string; bootstrapBrokers: string[] }
  readonly #admin: Admin
  readonly #protocol: GroupProtocol

  readonly transactions: Transactions = {
    producer: (transactionalId) => Promise.resolve(PlatformaticTransactional.open(this.#options, transactionalId)),
    transformer: async (transactionalId, group, topic) => {
      const member = await PlatformaticMember.join(this.#consumer(group), topic, 'read_committed')
      const producer = PlatformaticTransactional.open(this.#options, transactionalId)
      return transformerOf(producer, member, () => producer.sendOffsets(member))
    },
  }

  constructor(bootstrap: string, protocol: GroupProtocol) {
    this.#protocol = protocol
    this.#options = { clientId: 'platformatic', bootstrapBrokers: [bootstrap] }
    this.#admin = new Admin(this.#options)
  }

  async createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>>): Promise<void> {
    const entries = Object.entries(configs).map(([name, value]) => ({ name, value }))
    await this.#admin.createTopics({ topics: [topic], partitions, replicas: 1, configs: entries })
  }

  async addPartitions(topic: string, total: number): Promise<void> {
    const { brokers } = await this.#admin.metadata({ topics: [topic] })
    const present = await this.partitions(topic)
    const assignments = Array.from({ length: total - present }, () => ({ brokerIds: [...brokers.keys()].slice(0, 1) }))
    await this.#admin.createPartitions({ topics: [{ name: topic, count: total, assignments }] })
  }

  deleteTopic(topic: string): Promise<void> {
    return this.#admin.deleteTopics({ topics: [topic] })
  }

  async partitions(topic: string): Promise<number> {
    try {
      const { topics } = await this.#admin.metadata({ topics: [topic], forceUpdate: true })
      return topics.get(topic)?.partitionsCount ?? 0
    } catch (error) {
      if (isAbout('Unknown topic', error)) return 0
      throw error
    }
  }

  async setting(topic: string, name: string): Promise<string> {
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configurationKeys: [name] }
    const [described] = await this.#admin.describeConfigs({ resources: [resource] })
    return String(described?.configs[0]?.value)
  }

  changeSetting(topic: string, name: string, value: string): Promise<void> {
    const configs = [{ name, value, configOperation: IncrementalAlterConfigOperationTypes.SET }]
    const resource = { resourceType: ConfigResourceTypes.TOPIC, resourceName: topic, configs }
    return this.#admin.incrementalAlterConfigs({ resources: [resource] })
  }

  async produce(
    topic: string,
    records: readonly Sent[],
    { codec, idempotent }: Parameters<Driver['produce']>[2],
  ): Promise<void> {
    const producer = new Producer<string, string, string, string>({
      ...this.#options,
      serializers: bytes,
      idempotent,
      compression: codec,
    })
    await producer.send({
      acks: -1,
      messages: records.map(({ key, value, headers, timestamp }) => ({
        topic,
        partition: 0,
        ...(key == null ? {} : { key }),
        ...(value === null ? {} : { value }),
        ...(headers ? { headers } : {}),
        ...(timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }),
      })),
    })
    await producer.close()
  }

  async read(topic: string, from: Position, count: number): Promise<Received[]> {
    const consumer = this.#consumer(`reader-${crypto.randomUUID()}`)
    const offset = 'offset' in from ? BigInt(from.offset) : await this.#offsetAt(topic, from.timestamp)
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'manual',
      autocommit: false,
      maxWaitTime: 100,
      offsets: [{ topic, partition: 0, offset }],
    })
    const inbox = new Inbox<Received>()
    stream.on('data', ({ offset: at, key, value, headers }) =>
      inbox.put({ offset: Number(at), key: key ?? null, value: value ?? null, headers: Object.fromEntries(headers) }),
    )
    stream.on('error', (error) => inbox.fail(error))
    const records = await inbox.take(count)
    await consumer.close(true)
    return records
  }

  join(group: string, topic: string, isolation: Isolation): Promise<Member> {
    return PlatformaticMember.join(this.#consumer(group), topic, isolation)
  }

  async committed(group: string, topic: string): Promise<number> {
    const [found] = await this.#admin.listConsumerGroupOffsets({ groups: [group] })
    const partitions = found?.topics.find(({ name }) => name === topic)?.partitions
    return Number(partitions?.find(({ partitionIndex }) => partitionIndex === 0)?.committedOffset ?? -1)
  }

  async groupState(group: string): Promise<string> {
    // Its description of groups knows the classic protocol only.
    const groups = await this.#admin.listGroups({ types: [this.#protocol] })
    return String(groups.get(group)?.state)
  }

  deleteGroup(group: string): Promise<void> {
    return this.#admin.deleteGroups({ groups: [group] })
  }

  async deleteRecords(topic: string, before: number): Promise<void> {
    await this.#admin.deleteRecords({
      topics: [{ name: topic, partitions: [{ partition: 0, offset: BigInt(before) }] }],
    })
  }

  close(): Promise<void> {
    return this.#admin.close()
  }

  async #offsetAt(topic: string, timestamp: number): Promise<bigint> {
    const partitions = [{ partitionIndex: 0, timestamp: BigInt(timestamp) }]
    const [found] = await this.#admin.listOffsets({ topics: [{ name: topic, partitions }] })
    return found?.partitions[0]?.offset ?? -1n
  }

  #consumer(groupId: string) {
    return consumerOf(this.#options, groupId, this.#protocol)
  }
}
