/** A batch without those of its records that compaction removes. What stays keeps its offset, its time and its bytes. */
import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { StoredBatch } from '../storage/segment.ts'
import { type BatchHeader, headerBytes, readHeader, sealRewritten } from './batch-header.ts'
import { decompress } from './decompress.ts'
import { RecordBytes, varintBytes } from './record-bytes.ts'

export interface RawRecord {
  readonly offset: bigint
  readonly key: Buffer | null
  readonly isTombstone: boolean
  readonly timestampDelta: number
  /** The record behind its timestamp. */
  readonly rest: Buffer
}

export interface OpenBatch {
  readonly header: BatchHeader
  readonly records: readonly RawRecord[]
}

/** Takes a batch apart as far as compaction has to know it; headers stay unread. */
export function openBatch(bytes: Buffer): OpenBatch {
  const header = readHeader(bytes)
  const cursor = new RecordBytes(decompress(header.codec ?? 'none', bytes.subarray(headerBytes, header.sizeBytes)))
  const records: RawRecord[] = []
  for (let index = 0; index < header.recordCount; index++) {
    const length = cursor.varint()
    const end = cursor.position + length
    cursor.skip(1) // attributes: none are defined
    const timestampDelta = cursor.varlong()
    const restStart = cursor.position
    const offset = header.baseOffset + BigInt(cursor.varint())
    const key = cursor.nullableBytes()
    const isTombstone = cursor.varint() < 0
    cursor.position = end
    records.push({ offset, key, isTombstone, timestampDelta, rest: cursor.bytes.subarray(restStart, end) })
  }
  return { header, records }
}

/**
 * The same batch with only these records. Its first and last offset stay, so that readers see no other gap than before.
 *
 * @param deleteHorizonMs - from when on its tombstones may go; it takes the place of the base timestamp, as in Kafka.
 */
export function compactedBatch(
  batch: StoredBatch,
  { header }: OpenBatch,
  kept: readonly RawRecord[],
  deleteHorizonMs: bigint | undefined,
): StoredBatch {
  const shiftMs = deleteHorizonMs === undefined ? 0 : Number(header.baseTimestamp - deleteHorizonMs)
  const body = Buffer.concat(kept.flatMap((record) => encoded(record, record.timestampDelta + shiftMs)))
  const packed = pack(header, body)
  const bytes = Buffer.concat([batch.bytes.subarray(0, headerBytes), packed.bytes])
  sealRewritten(bytes, { recordCount: kept.length, isPacked: packed.isPacked, deleteHorizonMs })
  return { ...batch, bytes }
}

function encoded({ rest }: RawRecord, timestampDelta: number): Buffer[] {
  const time = varintBytes(timestampDelta)
  return [varintBytes(1 + time.length + rest.length), Buffer.of(0), time, rest]
}

/** Snappy and LZ4 can only be unpacked here: what is left of such a batch is stored as it is. */
function pack({ codec }: BatchHeader, body: Buffer): { bytes: Buffer; isPacked: boolean } {
  if (codec === 'gzip') return { bytes: gzipSync(body), isPacked: true }
  if (codec === 'zstd') return { bytes: zstdCompressSync(body), isPacked: true }
  return { bytes: body, isPacked: false }
}
