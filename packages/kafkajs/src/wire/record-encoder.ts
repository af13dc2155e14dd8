import type { OutgoingRecord, RawHeader } from '@tributary/event-bus'
import { type CompressionName, codecByName } from './codecs/codecs.ts'
import { crc32c } from './crc32c.ts'
import { sizeOfVarint, writeVarint } from './varint.ts'

/** Who writes, for the broker's recognition of repetitions. A batch that is sent again carries the same values. */
export interface ProducerSequence {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly firstSequence: number
}

const BATCH_HEADER_BYTES = 61
const NAMES_KEPT = 4_096
const encodedNames = new Map<string, Buffer>()

/**
 * One record batch (format 2) as the log keeps it. Sizes are computed first, so that everything is written once into one buffer; headers keep
 * their order, their repetitions and their nulls.
 */
export function encodeBatch(
  records: readonly OutgoingRecord[],
  sequence: ProducerSequence,
  compression: CompressionName = 'none',
): Buffer {
  const baseTimestamp = records[0]?.timestamp ?? 0
  const bodySizes = new Int32Array(records.length)
  const shared: SharedHeader[] = []
  let recordsSize = 0
  for (let index = 0; index < records.length; index++) {
    const size = sizeOfBody(records[index] as OutgoingRecord, index, baseTimestamp, shared)
    bodySizes[index] = size
    recordsSize += sizeOfVarint(size) + size
  }
  const codec = codecByName(compression)
  if (codec === null) {
    const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + recordsSize)
    const maxTimestamp = writeRecords(batch, BATCH_HEADER_BYTES, records, bodySizes, baseTimestamp, shared)
    return sealBatch(batch, records.length, 0, baseTimestamp, maxTimestamp, sequence)
  }
  const plain = Buffer.allocUnsafe(recordsSize)
  const maxTimestamp = writeRecords(plain, 0, records, bodySizes, baseTimestamp, shared)
  const compressed = codec.compress(plain)
  const batch = Buffer.allocUnsafe(BATCH_HEADER_BYTES + compressed.length)
  compressed.copy(batch, BATCH_HEADER_BYTES)
  return sealBatch(batch, records.length, codec.id, baseTimestamp, maxTimestamp, sequence)
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

function sizeOfBody(
  record: OutgoingRecord,
  offsetDelta: number,
  baseTimestamp: number,
  shared: SharedHeader[],
): number {
  const { key, value, headers } = record
  let size =
    1 + sizeOfVarint(record.timestamp - baseTimestamp) + sizeOfVarint(offsetDelta) + sizeOfVarint(headers.length)
  size += sizeOfBytes(key) + sizeOfBytes(value)
  for (let place = 0; place < headers.length; place++) {
    const header = headers[place] as RawHeader
    const known = shared[place]
    if (known?.header === header) {
      known.encoded ??= encodedHeader(header)
      size += known.encoded.length
    } else {
      shared[place] = { header, encoded: null }
      size += encodedName(header[0]).length + sizeOfBytes(header[1])
    }
  }
  return size
}

function sizeOfBytes(bytes: Buffer | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

/** Returns the highest timestamp. */
function writeRecords(
  target: Buffer,
  start: number,
  records: readonly OutgoingRecord[],
  bodySizes: Int32Array,
  baseTimestamp: number,
  shared: readonly SharedHeader[],
): number {
  let at = start
  let maxTimestamp = baseTimestamp
  for (let index = 0; index < records.length; index++) {
    const { key, value, headers, timestamp } = records[index] as OutgoingRecord
    if (timestamp > maxTimestamp) maxTimestamp = timestamp
    at = writeVarint(target, at, bodySizes[index] as number)
    target[at++] = 0
    at = writeVarint(target, at, timestamp - baseTimestamp)
    at = writeVarint(target, at, index)
    at = writeBytes(target, at, key)
    at = writeBytes(target, at, value)
    at = writeVarint(target, at, headers.length)
    for (let place = 0; place < headers.length; place++) {
      const header = headers[place] as RawHeader
      const known = shared[place]
      if (known?.header === header && known.encoded !== null) at = copy(known.encoded, target, at)
      else at = writeBytes(target, copy(encodedName(header[0]), target, at), header[1])
    }
  }
  return maxTimestamp
}

function writeBytes(target: Buffer, start: number, bytes: Buffer | null): number {
  if (bytes === null) return writeVarint(target, start, -1)
  return copy(bytes, target, writeVarint(target, start, bytes.length))
}

/** Returns the position after the copy. Below some forty bytes a loop is faster than the call, and most headers are that short. */
function copy(bytes: Buffer, target: Buffer, start: number): number {
  const { length } = bytes
  if (length > 40) target.set(bytes, start)
  else for (let index = 0; index < length; index++) target[start + index] = bytes[index] as number
  return start + length
}

/**
 * A header that is the very same object in record after record of a batch, as those are that an event type, a source or a call has in common: encoded
 * once, at its second appearance. Known by place, so that finding it costs a comparison.
 */
interface SharedHeader {
  readonly header: RawHeader
  encoded: Buffer | null
}

function encodedHeader([name, value]: RawHeader): Buffer {
  const encodedAs = encodedName(name)
  const bytes = Buffer.allocUnsafe(encodedAs.length + sizeOfBytes(value))
  writeBytes(bytes, copy(encodedAs, bytes, 0), value)
  return bytes
}

/** Header names repeat for every record: their length and bytes are encoded once. Bounded, because names may come from users' data. */
function encodedName(name: string): Buffer {
  const known = encodedNames.get(name)
  if (known !== undefined) return known
  const length = Buffer.byteLength(name)
  const encoded = Buffer.allocUnsafe(sizeOfVarint(length) + length)
  encoded.write(name, writeVarint(encoded, 0, length))
  if (encodedNames.size >= NAMES_KEPT) encodedNames.clear()
  encodedNames.set(name, encoded)
  return encoded
}
