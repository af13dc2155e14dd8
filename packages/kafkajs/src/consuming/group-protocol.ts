/**
 * What members tell each other through the coordinator, in the format of Kafka's `cooperative-sticky` protocol (KIP-429): each says which topics it
 * reads, what it owns, and since which generation; the leader answers with what each shall own.
 */
import type { TopicPartition } from '@tributary/event-bus'
import { ByteReader, ByteWriter } from '../wire/bytes.ts'
import { byTopic } from '../wire/list-offsets.ts'

export const PROTOCOL_NAME = 'cooperative-sticky'

/** The first version that says what a member owns. */
const SUBSCRIPTION_VERSION = 1
const ASSIGNMENT_VERSION = 1
const NO_GENERATION = -1

export interface Subscription {
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
  /** In which `owned` was assigned; -1 before the first. */
  readonly generation: number
}

export function encodeSubscription({ topics, owned, generation }: Subscription): Buffer {
  const writer = new ByteWriter()
  writer.int16(SUBSCRIPTION_VERSION)
  writer.int32(topics.length)
  for (const topic of topics) writer.string(topic)
  const userData = Buffer.alloc(4)
  userData.writeInt32BE(generation)
  writer.bytes(userData)
  writePartitions(writer, owned)
  return writer.finish()
}

/** Understands the Java client's later versions as well: they only append. */
export function decodeSubscription(bytes: Buffer): Subscription {
  const reader = new ByteReader(bytes)
  const version = reader.int16()
  const topics = Array.from({ length: reader.int32() }, () => reader.string())
  const userData = reader.bytes()
  const owned = version >= 1 && !reader.isAtEnd ? readPartitions(reader) : []
  const fromUserData = userData.length >= 4 ? userData.readInt32BE(0) : NO_GENERATION
  return { topics, owned, generation: version >= 2 && !reader.isAtEnd ? reader.int32() : fromUserData }
}

export function encodeAssignment(partitions: readonly TopicPartition[]): Buffer {
  const writer = new ByteWriter()
  writer.int16(ASSIGNMENT_VERSION)
  writePartitions(writer, partitions)
  writer.bytes(Buffer.alloc(0))
  return writer.finish()
}

/** An empty answer, as the coordinator gives to a member that the leader forgot, assigns nothing. */
export function decodeAssignment(bytes: Buffer): TopicPartition[] {
  if (bytes.length === 0) return []
  const reader = new ByteReader(bytes)
  reader.int16()
  return readPartitions(reader)
}

function writePartitions(writer: ByteWriter, partitions: readonly TopicPartition[]): void {
  const topics = byTopic(partitions, ({ partition }) => partition)
  writer.int32(topics.length)
  for (const { topic, partitions: ids } of topics) {
    writer.string(topic)
    writer.int32(ids.length)
    for (const id of ids) writer.int32(id)
  }
}

function readPartitions(reader: ByteReader): TopicPartition[] {
  const partitions: TopicPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string()
    for (let count = reader.int32(); count > 0; count--) partitions.push({ topic, partition: reader.int32() })
  }
  return partitions
}
