/** Takes apart what a fetch answered, so that a difference names a field; without what no two clusters share. */

const sizeAt = 8
const leaderEpochAt = 12
const magicAt = 16
const attributesAt = 21
const recordsAt = 61
const control = 0x20

interface ReadBatch {
  readonly nextOffset: bigint
  readonly [field: string]: unknown
}

/** Kafka may cut the last batch at the limit; that piece is left out. */
export function readBatches(bytes: Buffer): ReadBatch[] {
  const found: ReadBatch[] = []
  for (let at = 0; at + recordsAt <= bytes.length; ) {
    const batch = bytes.subarray(at, at + 12 + bytes.readInt32BE(at + sizeAt))
    at += 12 + bytes.readInt32BE(at + sizeAt)
    if (at <= bytes.length) found.push(readBatch(batch))
  }
  return found
}

function readBatch(batch: Buffer): ReadBatch {
  const isMarker = (batch.readInt16BE(attributesAt) & control) !== 0
  return {
    baseOffset: batch.readBigInt64BE(0),
    leaderEpoch: batch.readInt32BE(leaderEpochAt),
    magic: batch.readInt8(magicAt),
    attributes: batch.readInt16BE(attributesAt),
    nextOffset: batch.readBigInt64BE(0) + BigInt(batch.readInt32BE(attributesAt + 2)) + 1n,
    ...(isMarker ? {} : { baseTimestamp: batch.readBigInt64BE(27), maxTimestamp: batch.readBigInt64BE(35) }),
    producerId: batch.readBigInt64BE(43),
    producerEpoch: batch.readInt16BE(51),
    baseSequence: batch.readInt32BE(53),
    recordCount: batch.readInt32BE(57),
    records: batch.subarray(recordsAt),
  }
}
