/**
 * The header of a record batch, format v2. Batches stay the bytes that the producer sent; the broker fills in the three
 * fields that are its own: base offset, leader epoch and, where the topic says so, the time of the append.
 */
import { crc32c } from './crc32c.ts'

const at = {
  baseOffset: 0,
  batchLength: 8,
  partitionLeaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  baseTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  baseSequence: 53,
  recordCount: 57,
} as const

/** The format that this broker writes. */
export const currentMagic = 2
/** Bytes before the first record. */
export const headerBytes = 61
/** The batch length does not count itself and the base offset before it. */
export const lengthPrefixBytes = 12

const compressionMask = 0x07
const logAppendTimeBit = 0x08
const transactionalBit = 0x10
const controlBit = 0x20
const deleteHorizonBit = 0x40

const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof codecs)[number]

export interface BatchHeader {
  readonly baseOffset: bigint
  readonly sizeBytes: number
  readonly magic: number
  readonly crc: number
  readonly codec: Codec | undefined
  readonly timestampType: 'CreateTime' | 'LogAppendTime'
  readonly isTransactional: boolean
  readonly isControl: boolean
  /** From when on compaction may remove its tombstones; undefined before it has seen them. */
  readonly deleteHorizonMs: bigint | undefined
  readonly lastOffsetDelta: number
  readonly baseTimestamp: bigint
  readonly maxTimestamp: bigint
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly baseSequence: number
  readonly recordCount: number
}

/** Reads the header; `bytes` must hold at least {@link headerBytes}. */
export function readHeader(bytes: Buffer): BatchHeader {
  const attributes = bytes.readInt16BE(at.attributes)
  return {
    baseOffset: bytes.readBigInt64BE(at.baseOffset),
    sizeBytes: bytes.readInt32BE(at.batchLength) + lengthPrefixBytes,
    magic: bytes.readInt8(at.magic),
    crc: bytes.readUInt32BE(at.crc),
    codec: codecs[attributes & compressionMask],
    timestampType: attributes & logAppendTimeBit ? 'LogAppendTime' : 'CreateTime',
    isTransactional: (attributes & transactionalBit) !== 0,
    isControl: (attributes & controlBit) !== 0,
    deleteHorizonMs: attributes & deleteHorizonBit ? bytes.readBigInt64BE(at.baseTimestamp) : undefined,
    lastOffsetDelta: bytes.readInt32BE(at.lastOffsetDelta),
    baseTimestamp: bytes.readBigInt64BE(at.baseTimestamp),
    maxTimestamp: bytes.readBigInt64BE(at.maxTimestamp),
    producerId: bytes.readBigInt64BE(at.producerId),
    producerEpoch: bytes.readInt16BE(at.producerEpoch),
    baseSequence: bytes.readInt32BE(at.baseSequence),
    recordCount: bytes.readInt32BE(at.recordCount),
  }
}

/** The size that the batch at `position` claims; at least {@link lengthPrefixBytes} bytes must be there. */
export function batchSizeAt(bytes: Buffer, position: number): number {
  return bytes.readInt32BE(position + at.batchLength) + lengthPrefixBytes
}

/** The last offset of the batch at `position`; its whole header must be there. */
export function lastOffsetAt(bytes: Buffer, position: number): bigint {
  return bytes.readBigInt64BE(position + at.baseOffset) + BigInt(bytes.readInt32BE(position + at.lastOffsetDelta))
}

/** The checksum covers everything after itself, so offset and leader epoch can be set without touching it. */
export function checksum(bytes: Buffer, sizeBytes: number): number {
  return crc32c(bytes, at.attributes, sizeBytes)
}

export function placeBatch(bytes: Buffer, baseOffset: bigint, leaderEpoch: number): void {
  bytes.writeBigInt64BE(baseOffset, at.baseOffset)
  bytes.writeInt32BE(leaderEpoch, at.partitionLeaderEpoch)
}

export function setMaxTimestamp(bytes: Buffer, timestampMs: bigint, type: BatchHeader['timestampType']): void {
  const attributes = bytes.readInt16BE(at.attributes)
  bytes.writeInt16BE(
    type === 'LogAppendTime' ? attributes | logAppendTimeBit : attributes & ~logAppendTimeBit,
    at.attributes,
  )
  bytes.writeBigInt64BE(timestampMs, at.maxTimestamp)
  bytes.writeUInt32BE(checksum(bytes, bytes.length), at.crc)
}

export interface RewrittenBatch {
  readonly recordCount: number
  /** Whether the records are still compressed with the codec that the header names. */
  readonly isPacked: boolean
  readonly deleteHorizonMs: bigint | undefined
}

/** Makes the header true again of a batch whose records were replaced. */
export function sealRewritten(bytes: Buffer, { recordCount, isPacked, deleteHorizonMs }: RewrittenBatch): void {
  let attributes = bytes.readInt16BE(at.attributes)
  if (!isPacked) attributes &= ~compressionMask
  if (deleteHorizonMs !== undefined) {
    attributes |= deleteHorizonBit
    bytes.writeBigInt64BE(deleteHorizonMs, at.baseTimestamp)
  }
  bytes.writeInt16BE(attributes, at.attributes)
  bytes.writeInt32BE(recordCount, at.recordCount)
  bytes.writeInt32BE(bytes.length - lengthPrefixBytes, at.batchLength)
  bytes.writeUInt32BE(checksum(bytes, bytes.length), at.crc)
}

export interface ControlOrigin {
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly timestampMs: bigint
}

/** Writes the header of a batch with one control record, which is in its place already. The offset is still to come. */
export function sealControl(bytes: Buffer, { producerId, producerEpoch, timestampMs }: ControlOrigin): void {
  bytes.writeInt32BE(bytes.length - lengthPrefixBytes, at.batchLength)
  bytes.writeInt8(2, at.magic)
  bytes.writeInt16BE(transactionalBit | controlBit, at.attributes)
  bytes.writeBigInt64BE(timestampMs, at.baseTimestamp)
  bytes.writeBigInt64BE(timestampMs, at.maxTimestamp)
  bytes.writeBigInt64BE(producerId, at.producerId)
  bytes.writeInt16BE(producerEpoch, at.producerEpoch)
  bytes.writeInt32BE(-1, at.baseSequence)
  bytes.writeInt32BE(1, at.recordCount)
  bytes.writeUInt32BE(checksum(bytes, bytes.length), at.crc)
}
