import { currentMagic, headerBytes, lengthPrefixBytes } from './batch-header.ts'
import { RefusedBatch } from './refused-batch.ts'

const lengthAt = 8
const magicAt = 16
/** The shortest record of the oldest format: less cannot be a batch of any. */
const smallestLength = 14

/**
 * The one whole batch of format v2 that a produce request carries for a partition.
 * Like Kafka, it steps over a piece of another batch behind it, and refuses a whole one.
 *
 * @throws {RefusedBatch} with the error that Kafka answers.
 */
export function onlyBatch(sent: Buffer): Buffer {
  const size = batchSizeAt(sent, 0)
  if (size === undefined) throw new RefusedBatch('INVALID_RECORD', 'no whole record batch was sent')
  const magic = sent.readInt8(magicAt)
  if (magic !== currentMagic)
    throw new RefusedBatch('INVALID_RECORD', `record format v${magic} is not written any more`)
  if (batchSizeAt(sent, size) !== undefined)
    throw new RefusedBatch('INVALID_RECORD', 'a produce request carries one batch for each partition, this has more')
  if (size < headerBytes)
    throw new RefusedBatch('CORRUPT_MESSAGE', `the batch has ${size} bytes, its header alone more`)
  return sent.subarray(0, size)
}

/** The size of the whole batch at that position, or undefined when there is none. */
function batchSizeAt(sent: Buffer, position: number): number | undefined {
  const remaining = sent.length - position
  if (remaining < lengthPrefixBytes) return undefined
  const length = sent.readInt32BE(position + lengthAt)
  if (length < smallestLength) throw new RefusedBatch('CORRUPT_MESSAGE', `a batch claims a length of ${length}`)
  if (remaining <= magicAt) return undefined
  const magic = sent.readInt8(position + magicAt)
  if (magic < 0 || magic > currentMagic)
    throw new RefusedBatch('CORRUPT_MESSAGE', `record format v${magic} does not exist`)
  const size = length + lengthPrefixBytes
  return size > remaining ? undefined : size
}
