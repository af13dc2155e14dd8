import type { OutgoingRecord } from '@tributary/event-bus'
import { type CompressionName, codecByName } from './codecs/codecs.ts'
import { crc32c } from './crc32c.ts'
import { RecordWriter } from './record-writer.ts'

/** Who writes, for the broker's recognition of repetitions. A batch that is sent again carries the same values. */
export interface ProducerSequence {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

const BATCH_HEADER_BYTES = 61

/** One record batch (format 2) as the log keeps it; headers keep their order, their repetitions and their nulls. */
export function encodeBatch(
  records: readonly OutgoingRecord[],
  sequence: ProducerSequence,
  compression: CompressionName = 'none',
): Buffer {
  const codec = codecByName(compression)
  const writer = new RecordWriter(records, codec === null ? BATCH_HEADER_BYTES : 0)
  const baseTimestamp = records[0]?.timestamp ?? 0
  let maxTimestamp = baseTimestamp
  for (let index = 0; index < records.length; index++) {
    const record = records[index] as OutgoingRecord
    if (record.timestamp > maxTimestamp) maxTimestamp = record.timestamp
    writer.write(record, index)
  }
  const { written } = writer
  const batch = codec === null ? written : behindHeader(codec.compress(written))
  return sealBatch(batch, records.length, codec?.id ?? 0, baseTimestamp, maxTimestamp, sequence)
}

function behindHeader(records: Buffer): Buffer {
  const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + records.length)
  records.copy(batch, BATCH_HEADER_BYTES)
  return batch
}

function sealBatch(
  batch: Buffer,
  count: number,
  attributes: number,
  baseTimestamp: number,
  maxTimestamp: number,
  sequence: ProducerSequence,
): Buffer {
  batch.writeBigInt64BE(0n, 0)
  batch.writeInt32BE(batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(2, 16)
  batch.writeInt16BE(attributes, 21)
  batch.writeInt32BE(count - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27)
  batch.writeBigInt64BE(BigInt(maxTimestamp), 35)
  batch.writeBigInt64BE(sequence.producerId, 43)
  batch.writeInt16BE(sequence.producerEpoch, 51)
  batch.writeInt32BE(sequence.firstSequence, 53)
  batch.writeInt32BE(count, 57)
  batch.writeUInt32BE(crc32c(batch, 21), 17)
  return batch
}
