import type { RawHeader, RawRecord } from '@tributary/event-bus'
import { codecById } from './codecs/codecs.ts'
import { crc32c } from './crc32c.ts'
import { RepeatedHeaders } from './repeated-headers.ts'
import { VarintReader } from './varint.ts'

/** A transaction that was aborted: its producer's batches from `firstOffset` to the abort marker are not for readers. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

export interface DecodedRecords {
  readonly records: RawRecord[]
  /** Beyond every offset that complete batches accounted for; the position asked for where there was none. */
  readonly nextPosition: bigint
  /** Bytes that the records keep in memory. */
  readonly bytes: number
}

/** The bytes of a batch are not what their checksum or their lengths say. The position cannot be passed without losing records, so nobody does. */
export class CorruptBatchError extends Error {
  readonly baseOffset: bigint

  constructor(message: string, baseOffset: bigint, options?: ErrorOptions) {
    super(message, options)
    this.name = 'CorruptBatchError'
    this.baseOffset = baseOffset
  }
}

const BATCH_HEADER_BYTES = 61
/** Offset and length, which the length does not count. */
const LOG_OVERHEAD_BYTES = 12
const LOG_APPEND_TIME = 0x08
const TRANSACTIONAL = 0x10
const CONTROL = 0x20
const ABORT_MARKER = 0

/** Nothing is passed over in silence: batches before a corrupt one are delivered, the corrupt one throws when it is the first. */
export function decodeRecords(
  bytes: Buffer,
  position: bigint,
  abortedTransactions: readonly AbortedTransaction[],
): DecodedRecords {
  const records: RawRecord[] = []
  const aborted = new AbortedBatches(abortedTransactions)
  let nextPosition = position
  let kept = 0
  let at = 0
  while (at + BATCH_HEADER_BYTES <= bytes.length) {
    const baseOffset = bytes.readBigInt64BE(at)
    const length = bytes.readInt32BE(at + 8)
    const end = at + LOG_OVERHEAD_BYTES + length
    if (end > bytes.length) break // the broker cut the last batch off where the response was full
    const before = records.length
    try {
      const batch = readBatchHeader(bytes, at, end, baseOffset)
      if (!aborted.hides(batch)) kept += appendRecords(batch, position, records)
      if (batch.lastOffset >= nextPosition) nextPosition = batch.lastOffset + 1n
    } catch (error) {
      records.length = before
      if (at > 0) break
      if (error instanceof CorruptBatchError) throw error
      throw new CorruptBatchError(
        `the record batch at offset ${baseOffset} cannot be read: ${String(error)}`,
        baseOffset,
        { cause: error },
      )
    }
    at = end
  }
  return { records, nextPosition, bytes: kept }
}

interface Batch {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly attributes: number
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  readonly producerId: bigint
  readonly count: number
}

function readBatchHeader(bytes: Buffer, at: number, end: number, baseOffset: bigint): Batch {
  const magic = bytes.readInt8(at + 16)
  if (magic !== 2) {
    throw new CorruptBatchError(
      `the record batch at offset ${baseOffset} has format ${magic}; only format 2 (Kafka 0.11 and later) is understood`,
      baseOffset,
    )
  }
  const expected = bytes.readUInt32BE(at + 17)
  const actual = end < at + BATCH_HEADER_BYTES ? 0 : crc32c(bytes, at + 21, end)
  if (actual !== expected) {
    throw new CorruptBatchError(`the record batch at offset ${baseOffset} does not match its checksum`, baseOffset)
  }
  return {
    bytes,
    start: at + BATCH_HEADER_BYTES,
    end,
    attributes: bytes.readInt16BE(at + 21),
    baseOffset,
    lastOffset: baseOffset + BigInt(bytes.readInt32BE(at + 23)),
    baseTimestamp: Number(bytes.readBigInt64BE(at + 27)),
    maxTimestamp: Number(bytes.readBigInt64BE(at + 35)),
    producerId: bytes.readBigInt64BE(at + 43),
    count: bytes.readInt32BE(at + 57),
  }
}

/** Follows the aborted transactions of one response through its batches, in the order of the log. */
class AbortedBatches {
  readonly #waiting: AbortedTransaction[]
  readonly #open = new Set<bigint>()

  constructor(transactions: readonly AbortedTransaction[]) {
    this.#waiting = transactions.toSorted((a, b) =>
      a.firstOffset < b.firstOffset ? -1 : a.firstOffset > b.firstOffset ? 1 : 0,
    )
  }

  hides(batch: Batch): boolean {
    for (
      let next = this.#waiting[0];
      next !== undefined && next.firstOffset <= batch.lastOffset;
      next = this.#waiting[0]
    ) {
      this.#open.add(next.producerId)
      this.#waiting.shift()
    }
    if (batch.attributes & CONTROL) {
      if (markerType(batch) === ABORT_MARKER) this.#open.delete(batch.producerId)
      return true
    }
    return (batch.attributes & TRANSACTIONAL) !== 0 && this.#open.has(batch.producerId)
  }
}

/** The key of a control record is its version and its type, two bytes each. Null for a batch that the log cleaner has emptied. */
function markerType(batch: Batch): number | null {
  if (batch.count === 0) return null
  const reader = new VarintReader(batch.bytes, batch.start, batch.end)
  reader.next()
  reader.skip(1)
  reader.next()
  reader.next()
  return reader.bytes(reader.next())?.readInt16BE(2) ?? ABORT_MARKER
}

/** Returns the bytes kept. */
function appendRecords(batch: Batch, position: bigint, into: RawRecord[]): number {
  const codec = codecById(batch.attributes & 0x07)
  const bytes = codec === null ? batch.bytes : codec.decompress(batch.bytes.subarray(batch.start, batch.end))
  const start = codec === null ? batch.start : 0
  const end = codec === null ? batch.end : bytes.length
  const reader = new VarintReader(bytes, start, end)
  const isLogAppendTime = (batch.attributes & LOG_APPEND_TIME) !== 0
  const firstWanted = position <= batch.baseOffset ? 0 : Number(position - batch.baseOffset)
  for (let index = 0; index < batch.count; index++) {
    const recordEnd = reader.next() + reader.at
    if (recordEnd > end) throw new RangeError(`record ${index} ends beyond its batch`)
    reader.skip(1)
    const timestampDelta = reader.next()
    const offsetDelta = reader.next()
    if (offsetDelta >= firstWanted) {
      const timestamp = isLogAppendTime ? batch.maxTimestamp : batch.baseTimestamp + timestampDelta
      const key = reader.bytes(reader.next())
      const value = reader.bytes(reader.next())
      into.push(new LogRecord(batch.baseOffset, offsetDelta, timestamp, key, value, bytes, reader.at, recordEnd))
    }
    reader.at = recordEnd
  }
  return end - start
}

const NO_HEADERS: readonly RawHeader[] = []
const repeated = new RepeatedHeaders()

/** A record on the log. Headers and offset are decoded when they are looked at: many readers need neither for every record. */
class LogRecord implements RawRecord {
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #baseOffset: bigint
  readonly #offsetDelta: number
  readonly #bytes: Buffer
  readonly #headersStart: number
  readonly #end: number
  #headers: readonly RawHeader[] | null = null

  constructor(
    baseOffset: bigint,
    offsetDelta: number,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    bytes: Buffer,
    headersStart: number,
    end: number,
  ) {
    this.timestamp = timestamp
    this.key = key
    this.value = value
    this.#baseOffset = baseOffset
    this.#offsetDelta = offsetDelta
    this.#bytes = bytes
    this.#headersStart = headersStart
    this.#end = end
  }

  get offset(): bigint {
    return this.#baseOffset + BigInt(this.#offsetDelta)
  }

  get headers(): readonly RawHeader[] {
    this.#headers ??= readHeaders(new VarintReader(this.#bytes, this.#headersStart, this.#end))
    return this.#headers
  }
}

function readHeaders(reader: VarintReader): readonly RawHeader[] {
  const count = reader.next()
  if (count <= 0) return NO_HEADERS
  const headers: RawHeader[] = []
  for (let index = 0; index < count; index++) {
    headers.push(repeated.read(index, reader))
  }
  return headers
}
