/** Decodes stored batches for tests and for lookups by time. Serving records never decodes them. */
import { headerBytes, readHeader } from './batch-header.ts'
import { decompress } from './decompress.ts'
import { RecordBytes } from './record-bytes.ts'
import { timestampAfter } from './record-timestamp.ts'

/** One record as it lies on the log. */
export interface LogRecord {
  readonly offset: bigint
  /** Milliseconds since 1970. */
  readonly timestamp: bigint
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** In the order in which they were written, repetitions included. */
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[]
  /** -1 for a producer that is not idempotent. */
  readonly producerId: bigint
}

export function recordsOf(batch: Buffer): LogRecord[] {
  const header = readHeader(batch)
  const body = batch.subarray(headerBytes, header.sizeBytes)
  const cursor = new RecordBytes(decompress(header.codec ?? 'none', body))
  const records: LogRecord[] = []
  for (let index = 0; index < header.recordCount; index++) {
    cursor.varint() // length
    cursor.skip(1) // attributes
    const timestampDelta = cursor.varlong()
    const offset = header.baseOffset + BigInt(cursor.varint())
    const key = cursor.nullableBytes()
    const value = cursor.nullableBytes()
    const headers: [string, Buffer | null][] = []
    for (let left = cursor.varint(); left > 0; left--) {
      const name = cursor.nullableBytes()
      headers.push([name?.toString() ?? '', cursor.nullableBytes()])
    }
    const timestamp =
      header.timestampType === 'LogAppendTime'
        ? header.maxTimestamp
        : timestampAfter(header.baseTimestamp, timestampDelta)
    records.push({ offset, timestamp, key, value, headers, producerId: header.producerId })
  }
  return records
}
