/** The produce request with batches that are encoded already: kafkajs' own encodes records again for every attempt, under a sequence of its choosing. */
import type { Api } from './api.ts'
import { ByteReader, ByteWriter } from './bytes.ts'

const VERSION = 7
const ALL_IN_SYNC_REPLICAS = -1

export interface ProduceArgs {
  /** How long the leader may wait for its followers, in milliseconds. */
  readonly timeoutMs: number
  readonly topics: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly batch: Buffer }[]
  }[]
}

export interface ProducedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  readonly baseOffset: bigint
}

export const produce: Api<ProduceArgs, readonly ProducedPartition[]> = {
  name: 'Produce',
  key: 0,
  minVersion: VERSION,
  maxVersion: VERSION,
  exchange: (_version, args) => ({ encode: () => encodeRequest(args), decode: decodeAnswer }),
}

/** Batches are parts of their own: they go to the socket as they are, where three copies on the way cost as much as encoding. */
function encodeRequest({ timeoutMs, topics }: ProduceArgs): readonly Buffer[] {
  const writer = new ByteWriter()
  writer.nullString()
  writer.int16(ALL_IN_SYNC_REPLICAS)
  writer.int32(timeoutMs)
  writer.int32(topics.length)
  for (const { topic, partitions } of topics) {
    writer.string(topic)
    writer.int32(partitions.length)
    for (const { partition, batch } of partitions) {
      writer.int32(partition)
      writer.bytes(batch)
    }
  }
  return writer.parts()
}

function decodeAnswer(payload: Buffer): readonly ProducedPartition[] {
  const reader = new ByteReader(payload)
  const answers: ProducedPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string()
    for (let partitions = reader.int32(); partitions > 0; partitions--) {
      answers.push({ topic, partition: reader.int32(), errorCode: reader.int16(), baseOffset: reader.int64() })
      reader.int64() // log append time
      reader.int64() // log start offset
    }
  }
  return answers
}
