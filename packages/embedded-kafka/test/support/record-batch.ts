/** Builds record batches as a producer does, and breaks them on request. Shares no code with the broker but the checksum. */
import { crc32c } from '../../src/log/crc32c.ts'

export interface TestRecord {
  readonly key?: string | null
  readonly value?: string | null
  readonly headers?: readonly (readonly [string, string | null])[]
  readonly timestamp?: number
}

export interface BatchOptions {
  readonly baseOffset?: bigint
  readonly magic?: number
  readonly attributes?: number
  readonly baseTimestamp?: number
  readonly producerId?: bigint
  readonly producerEpoch?: number
  readonly baseSequence?: number
  readonly recordCount?: number
  readonly lastOffsetDelta?: number
  readonly batchLength?: number
  readonly crc?: number
  readonly compress?: (records: Buffer) => Buffer
}

export function recordBatch(records: readonly TestRecord[], options: BatchOptions = {}): Buffer {
  const baseTimestamp = options.baseTimestamp ?? 1_700_000_000_000
  const timestamps = records.map(({ timestamp }) => timestamp ?? baseTimestamp)
  const encoded = Buffer.concat(
    records.map((record, index) => encodeRecord(record, index, (timestamps[index] ?? 0) - baseTimestamp)),
  )
  const body = options.compress ? options.compress(encoded) : encoded
  const batch = Buffer.alloc(61 + body.length)
  batch.writeBigInt64BE(options.baseOffset ?? 0n, 0)
  batch.writeInt32BE(options.batchLength ?? batch.length - 12, 8)
  batch.writeInt32BE(-1, 12)
  batch.writeInt8(options.magic ?? 2, 16)
  batch.writeInt16BE(options.attributes ?? 0, 21)
  batch.writeInt32BE(options.lastOffsetDelta ?? records.length - 1, 23)
  batch.writeBigInt64BE(BigInt(baseTimestamp), 27)
  batch.writeBigInt64BE(BigInt(Math.max(baseTimestamp, ...timestamps)), 35)
  batch.writeBigInt64BE(options.producerId ?? -1n, 43)
  batch.writeInt16BE(options.producerEpoch ?? -1, 51)
  batch.writeInt32BE(options.baseSequence ?? -1, 53)
  batch.writeInt32BE(options.recordCount ?? records.length, 57)
  body.copy(batch, 61)
  batch.writeUInt32BE(options.crc ?? crc32c(batch, 21), 17)
  return batch
}

function encodeRecord({ key = null, value = null, headers = [] }: TestRecord, index: number, timestampDelta: number) {
  const fields = Buffer.concat([
    Buffer.from([0]),
    varint(timestampDelta),
    varint(index),
    sized(key),
    sized(value),
    varint(headers.length),
    ...headers.flatMap(([name, content]) => [sized(name), sized(content)]),
  ])
  return Buffer.concat([varint(fields.length), fields])
}

function sized(text: string | null): Buffer {
  if (text === null) return varint(-1)
  const bytes = Buffer.from(text)
  return Buffer.concat([varint(bytes.length), bytes])
}

function varint(value: number): Buffer {
  let rest = value >= 0 ? BigInt(value) * 2n : -BigInt(value) * 2n - 1n
  const bytes: number[] = []
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return Buffer.from(bytes)
}
