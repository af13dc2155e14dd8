/** kafka-ts. It has no administration: topics are made, and groups looked at, with kafkajs. */
import { createKafkaClient, type Message, setLogger } from 'kafka-ts'
import kafkajs, { type Admin } from 'kafkajs'
import { administrationOf } from './administration.ts'
import type { Client, Driver, Isolation, Member, Received, Sent } from './driver.ts'
import { Inbox } from './inbox.ts'
import { kafkaJs } from './kafkajs.ts'

const noAdministration = 'kafka-ts has no administration'
const noTransactions = 'kafka-ts has no transactional producer'

export const kafkaTs: Client = {
  name: 'kafka-ts',
  // It reads the others, but has no way to write them.
  codecs: ['none'],
  cannot: {
    topics: noAdministration,
    seek: 'kafka-ts begins at a time or at an end, not at an offset',
    admin: noAdministration,
    transactions: noTransactions,
    transform: noTransactions,
  },
  async start(bootstrap) {
    const ignore = (): void => {}
    setLogger({ debug: ignore, info: ignore, warn: ignore, error: ignore })
    const admin = await kafkaJs.start(bootstrap)
    const groups = new kafkajs.Kafka({ brokers: [bootstrap], logLevel: kafkajs.logLevel.NOTHING }).admin()
    await groups.connect()
    return { ...administrationOf(admin), ...driverOf(bootstrap, admin, groups) }
  },
}

function driverOf(
  bootstrap: string,
  other: Driver,
  groups: Admin,
): Pick<Driver, 'produce' | 'read' | 'join' | 'close'> {
  const [host = '', port] = bootstrap.split(':')
  const clientOf = (clientId: string) =>
    createKafkaClient({ clientId, bootstrapServers: [{ host, port: Number(port) }] })

  return {
    async produce(topic, records) {
      const producer = clientOf('kafka-ts').createProducer({})
      await producer.send(records.map((record) => messageOf(topic, record)))
      await producer.close()
    },
    /** From the beginning: `cannot` says that it has no other way. */
    async read(topic, _from, count) {
      const { inbox, onBatch } = receiver()
      const client = clientOf('kafka-ts')
      const consumer = await client.startConsumer({ topics: [topic], fromBeginning: true, maxWaitMs: 100, onBatch })
      const records = await inbox.take(count)
      await consumer.close()
      return records.map(received)
    },
    async join(groupId, topic, isolation): Promise<Member> {
      // It does not tell what it was assigned; the group does, by this name.
      const clientId = `member-${crypto.randomUUID()}`
      const { inbox, onBatch } = receiver()
      const consumer = await clientOf(clientId).startConsumer({
        groupId,
        topics: [topic],
        fromBeginning: true,
        isolationLevel: levels[isolation],
        sessionTimeoutMs: 10_000,
        maxWaitMs: 100,
        onBatch,
      })
      return {
        assigned: () => assignedTo(groups, groupId, clientId, topic),
        take: async (count) => (await inbox.take(count)).map(({ value }) => value),
        // It does so by itself when `onBatch` has returned, and waits for it when it closes.
        commit: () => Promise.resolve(),
        leave: () => consumer.close(),
      }
    },
    async close() {
      await groups.disconnect()
      await other.close()
    },
  }
}

/** Its enum of these exists for the compiler only. */
const levels: Readonly<Record<Isolation, 0 | 1>> = { read_uncommitted: 0, read_committed: 1 }

function receiver() {
  const inbox = new Inbox<Required<Message>>()
  const onBatch = (messages: Required<Message>[]): void => {
    for (const message of messages) inbox.put(message)
  }
  return { inbox, onBatch }
}

async function assignedTo(groups: Admin, group: string, clientId: string, topic: string): Promise<number[]> {
  const { members = [] } = (await groups.describeGroups([group])).groups[0] ?? {}
  const member = members.find((each) => each.clientId === clientId)
  if (!member || member.memberAssignment.length === 0) return []
  return kafkajs.AssignerProtocol.MemberAssignment.decode(member.memberAssignment)?.assignment[topic] ?? []
}

function messageOf(topic: string, { key, value, headers, timestamp }: Sent): Message {
  const time = timestamp === undefined ? {} : { timestamp: BigInt(timestamp) }
  return { topic, partition: 0, key: key ?? null, value, ...(headers ? { headers } : {}), ...time }
}

function received({ offset, key, value, headers }: Required<Message>): Received {
  return { offset: Number(offset), key, value, headers }
}
