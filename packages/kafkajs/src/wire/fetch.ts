/** The fetch request; record sets stay bytes, because only the asker knows which of them it still wants decoded. */
import type { Api } from './api.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import type { AbortedTransaction } from './record-decoder.ts'

const VERSION = 11
const READ_COMMITTED = 1
const NO_SESSION_EPOCH = -1
const NOT_A_REPLICA = -1
const NOT_KNOWN = -1

export interface FetchArgs {
  /** How long the broker may wait for records, in milliseconds. */
  readonly maxWaitMs: number
  readonly maxBytes: number
  readonly maxBytesPerPartition: number
  /** In the order in which the broker shall fill the answer. */
  readonly partitions: readonly { readonly topic: string; readonly partition: number; readonly position: bigint }[]
}

export interface FetchedPartition {
  readonly topic: string
  readonly partition: number
  readonly errorCode: number
  /** End of what may be read: records behind it may belong to a transaction that is still open. */
  readonly lastStableOffset: bigint
  readonly logStartOffset: bigint
  readonly abortedTransactions: readonly AbortedTransaction[]
  readonly recordSet: Buffer
}

export interface FetchAnswer {
  readonly errorCode: number
  readonly partitions: readonly FetchedPartition[]
}

export const fetchRecords: Api<FetchArgs, FetchAnswer> = {
  name: 'Fetch',
  key: 1,
  minVersion: VERSION,
  maxVersion: VERSION,
  exchange: (_version, args) => ({ encode: () => [encodeRequest(args)], decode: decodeAnswer }),
}

function encodeRequest({ maxWaitMs, maxBytes, maxBytesPerPartition, partitions }: FetchArgs): Buffer {
  const writer = new ByteWriter()
  writer.int32(NOT_A_REPLICA)
  writer.int32(maxWaitMs)
  writer.int32(1) // answer as soon as there is anything
  writer.int32(maxBytes)
  writer.int8(READ_COMMITTED)
  writer.int32(0)
  writer.int32(NO_SESSION_EPOCH)
  // One entry for each partition, even of one topic: grouping by topic would undo the order that rotates between topics.
  writer.int32(partitions.length)
  for (const { topic, partition, position } of partitions) {
    writer.string(topic)
    writer.int32(1)
    writer.int32(partition)
    writer.int32(NOT_KNOWN) // leader epoch
    writer.int64(position)
    writer.int64(BigInt(NOT_KNOWN)) // log start, of followers only
    writer.int32(maxBytesPerPartition)
  }
  writer.int32(0) // no forgotten topics
  writer.string('') // rack
  return writer.finish()
}

function decodeAnswer(payload: Buffer): FetchAnswer {
  const reader = new ByteReader(payload)
  reader.int32() // throttle time
  const errorCode = reader.int16()
  reader.int32() // session
  const partitions: FetchedPartition[] = []
  for (let topics = reader.int32(); topics > 0; topics--) {
    const topic = reader.string()
    for (let count = reader.int32(); count > 0; count--) partitions.push(decodePartition(reader, topic))
  }
  return { errorCode, partitions }
}

function decodePartition(reader: ByteReader, topic: string): FetchedPartition {
  const partition = reader.int32()
  const errorCode = reader.int16()
  reader.int64() // high watermark
  const lastStableOffset = reader.int64()
  const logStartOffset = reader.int64()
  const abortedTransactions: AbortedTransaction[] = []
  for (let count = reader.int32(); count > 0; count--) {
    abortedTransactions.push({ producerId: reader.int64(), firstOffset: reader.int64() })
  }
  reader.int32() // preferred replica
  return {
    topic,
    partition,
    errorCode,
    lastStableOffset,
    logStartOffset,
    abortedTransactions,
    recordSet: reader.bytes(),
  }
}
