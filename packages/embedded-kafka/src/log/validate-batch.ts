import { type BatchHeader, checksum, headerBytes, lengthPrefixBytes, readHeader } from './batch-header.ts'
import { RecordBytes } from './record-bytes.ts'
import { RefusedBatch } from './refused-batch.ts'

export interface ValidBatch {
  readonly header: BatchHeader
  /** The latest timestamp of its records; a compressed batch is taken at its header's word. */
  readonly maxTimestamp: bigint
}

/**
 * Checks what a producer sent for one partition: exactly one whole batch of format v2 whose checksum, counts and lengths
 * are true. The order of the checks is Kafka's, because it decides which error is answered.
 *
 * @throws {RefusedBatch} with the error that Kafka answers.
 */
export function validateBatch(bytes: Buffer, maxMessageBytes: number): ValidBatch {
  const header = readOnlyBatch(bytes)
  if (header.baseOffset !== 0n)
    throw new RefusedBatch('INVALID_RECORD', `the base offset is ${header.baseOffset}, a producer's must be 0`)
  if (header.sizeBytes > maxMessageBytes)
    throw new RefusedBatch(
      'MESSAGE_TOO_LARGE',
      `the batch has ${header.sizeBytes} bytes, allowed are ${maxMessageBytes}`,
    )
  if (header.crc !== checksum(bytes, header.sizeBytes))
    throw new RefusedBatch('CORRUPT_MESSAGE', 'the checksum of the batch is wrong')
  if (header.recordCount <= 0 || header.lastOffsetDelta + 1 !== header.recordCount)
    throw new RefusedBatch(
      'INVALID_RECORD',
      `the batch claims ${header.recordCount} records and a last offset delta of ${header.lastOffsetDelta}`,
    )
  if (header.isControl) throw new RefusedBatch('INVALID_RECORD', 'clients may not write control batches')
  if (header.producerId >= 0n && header.baseSequence < 0)
    throw new RefusedBatch('INVALID_RECORD', `producer ${header.producerId} sent sequence ${header.baseSequence}`)
  if (header.codec === undefined)
    throw new RefusedBatch('INVALID_RECORD', 'the batch is compressed with a codec that does not exist')
  const maxTimestamp = header.codec === 'none' ? latestTimestamp(bytes, header) : header.maxTimestamp
  return { header, maxTimestamp }
}

function readOnlyBatch(bytes: Buffer): BatchHeader {
  if (bytes.length < lengthPrefixBytes) throw new RefusedBatch('INVALID_RECORD', 'no record batch was sent')
  const sizeBytes = bytes.readInt32BE(8) + lengthPrefixBytes
  if (sizeBytes < headerBytes - 35)
    throw new RefusedBatch('CORRUPT_MESSAGE', `the batch length is ${sizeBytes - lengthPrefixBytes}`)
  if (sizeBytes > bytes.length || bytes.length < headerBytes)
    throw new RefusedBatch('INVALID_RECORD', 'the batch is longer than what was sent')
  const header = readHeader(bytes)
  if (header.magic !== 2)
    throw new RefusedBatch('INVALID_RECORD', `record format v${header.magic} is not written any more`)
  if (sizeBytes < headerBytes)
    throw new RefusedBatch('CORRUPT_MESSAGE', `the batch length is ${sizeBytes - lengthPrefixBytes}`)
  if (bytes.length - sizeBytes >= lengthPrefixBytes)
    throw new RefusedBatch('INVALID_RECORD', 'a produce request carries one batch for each partition, this has more')
  return header
}

/** Walks every record of an uncompressed batch, allocating nothing: lengths, order of offsets, count, end. */
function latestTimestamp(bytes: Buffer, header: BatchHeader): bigint {
  const cursor = new RecordBytes(bytes, headerBytes, header.sizeBytes)
  let latestDelta = Number.NEGATIVE_INFINITY
  for (let index = 0; index < header.recordCount; index++) {
    const length = cursor.varint()
    const end = cursor.position + length
    cursor.skip(1) // attributes: none are defined
    latestDelta = Math.max(latestDelta, cursor.varint())
    const offsetDelta = cursor.varint()
    if (offsetDelta !== index)
      throw new RefusedBatch('INVALID_RECORD', `record ${index} of the batch has offset delta ${offsetDelta}`)
    cursor.skip(Math.max(0, cursor.varint())) // key; null is -1
    cursor.skip(Math.max(0, cursor.varint())) // value
    const headers = cursor.varint()
    if (headers < 0) throw new RefusedBatch('INVALID_RECORD', `record ${index} claims ${headers} headers`)
    for (let left = headers; left > 0; left--) {
      cursor.skip(cursor.varint())
      cursor.skip(Math.max(0, cursor.varint()))
    }
    if (cursor.position !== end)
      throw new RefusedBatch('INVALID_RECORD', `record ${index} claims ${length} bytes, its fields take others`)
  }
  if (cursor.position !== header.sizeBytes)
    throw new RefusedBatch('INVALID_RECORD', 'bytes are left over after the last record of the batch')
  return header.baseTimestamp + BigInt(latestDelta)
}
