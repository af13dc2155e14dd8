import { type BatchHeader, checksum, headerBytes, readHeader } from './batch-header.ts'
import { decompress } from './decompress.ts'
import { RecordBytes } from './record-bytes.ts'
import { timestampAfter } from './record-timestamp.ts'
import { RefusedBatch } from './refused-batch.ts'

/** The topic settings that a batch must obey. */
export interface BatchRules {
  readonly maxMessageBytes: number
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  /** How far a record's own time may lie behind and ahead of the broker's. */
  readonly maxTimestampBehindMs: number
  readonly maxTimestampAheadMs: number
  /** A compacted topic has no use for a record without a key. */
  readonly requiresKeys: boolean
}

export interface ValidBatch {
  readonly header: BatchHeader
  /** The latest timestamp of its records, whatever the header claims. */
  readonly maxTimestamp: bigint
}

/**
 * Checks that checksum, counts, lengths and times of a batch are true, records included.
 * The order of the checks is Kafka's, because it decides which error is answered.
 *
 * @throws {RefusedBatch} with the error that Kafka answers.
 */
export function validateBatch(bytes: Buffer, rules: BatchRules, nowMs: number): ValidBatch {
  const header = readHeader(bytes)
  if (header.baseOffset !== 0n)
    throw new RefusedBatch('INVALID_RECORD', `the base offset is ${header.baseOffset}, a producer's must be 0`)
  if (bytes.length > rules.maxMessageBytes)
    throw new RefusedBatch(
      'MESSAGE_TOO_LARGE',
      `the batch has ${bytes.length} bytes, allowed are ${rules.maxMessageBytes}`,
    )
  if (header.crc !== checksum(bytes, bytes.length))
    throw new RefusedBatch('CORRUPT_MESSAGE', 'the checksum of the batch is wrong')
  if (header.recordCount <= 0 || header.lastOffsetDelta + 1 !== header.recordCount)
    throw new RefusedBatch(
      'INVALID_RECORD',
      `the batch claims ${header.recordCount} records and a last offset delta of ${header.lastOffsetDelta}`,
    )
  if (header.isControl) throw new RefusedBatch('INVALID_RECORD', 'clients may not write control batches')
  if (header.producerId >= 0n && header.baseSequence < 0)
    throw new RefusedBatch('INVALID_RECORD', `producer ${header.producerId} sent sequence ${header.baseSequence}`)

  const isOwnTime = rules.timestampType === 'CreateTime'
  const [earliestAheadMs, latestAheadMs] = isOwnTime
    ? [-rules.maxTimestampBehindMs, rules.maxTimestampAheadMs]
    : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY]
  const baseAheadMs = Number(header.baseTimestamp) - nowMs
  const outOfRange: number[] = []
  const withoutKey: number[] = []
  const latestDelta = walk(unpacked(bytes, header), header, (timestampDelta, index, hasKey) => {
    const aheadMs = baseAheadMs + timestampDelta
    if (rules.requiresKeys && !hasKey) withoutKey.push(index)
    else if (aheadMs < earliestAheadMs || aheadMs > latestAheadMs) outOfRange.push(index)
  })
  if (outOfRange.length > 0)
    throw new RefusedBatch(
      'INVALID_TIMESTAMP',
      `the times of ${outOfRange.length} records are out of range`,
      outOfRange,
    )
  if (withoutKey.length > 0)
    throw new RefusedBatch('INVALID_RECORD', 'a compacted topic takes no record without a key', withoutKey)
  return { header, maxTimestamp: timestampAfter(header.baseTimestamp, latestDelta) }
}

function unpacked(bytes: Buffer, header: BatchHeader): Buffer {
  const body = bytes.subarray(headerBytes)
  // Kafka has no better word for these two than "unknown".
  if (header.codec === undefined) throw new RefusedBatch('UNKNOWN_SERVER_ERROR', 'there is no such codec')
  try {
    return decompress(header.codec, body)
  } catch (error) {
    throw new RefusedBatch('UNKNOWN_SERVER_ERROR', `the ${header.codec} body cannot be unpacked: ${String(error)}`)
  }
}

/**
 * Walks every record, allocating nothing: lengths, order of offsets, count, end.
 * Calls `visit` with each timestamp's distance from the base, and returns the largest. A key of negative length is null.
 */
function walk(
  records: Buffer,
  header: BatchHeader,
  visit: (timestampDelta: number, index: number, hasKey: boolean) => void,
): number {
  const cursor = new RecordBytes(records)
  let latestDelta = Number.NEGATIVE_INFINITY
  for (let index = 0; index < header.recordCount; index++) {
    const length = cursor.varint()
    const end = cursor.position + length
    cursor.skip(1) // attributes: none are defined
    const timestampDelta = cursor.varlong()
    latestDelta = Math.max(latestDelta, timestampDelta)
    const offsetDelta = cursor.varint()
    if (offsetDelta !== index)
      throw new RefusedBatch('INVALID_RECORD', `record ${index} of the batch has offset delta ${offsetDelta}`)
    const keyLength = cursor.varint()
    cursor.skip(Math.max(0, keyLength))
    visit(timestampDelta, index, keyLength >= 0)
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
  if (cursor.position !== records.length)
    throw new RefusedBatch('INVALID_RECORD', 'bytes are left over after the last record of the batch')
  return latestDelta
}
