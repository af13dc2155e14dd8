import { codecById } from './codecs/codecs.ts'
import { crc32c } from './crc32c.ts'
import { LogRecords, type RecordRun } from './log-records.ts'
import { VarintReader } from './varint.ts'

/** A transaction that was aborted: its producer's batches from `firstOffset` to the abort marker are not for readers. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
}

export interface DecodedRecords {
  readonly records: LogRecords
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
  const runs: RecordRun[] = []
  const aborted = new AbortedBatches(abortedTransactions)
  let nextPosition = position
  let kept = 0
  let at = 0
  while (at + BATCH_HEADER_BYTES <= bytes.length) {
    const baseOffset = bytes.readBigInt64BE(at)
    const length = bytes.readInt32BE(at + 8)
    const end = at + LOG_OVERHEAD_BYTES + length
    if (end > bytes.length) break // the broker cut the last batch off where the response was full
    try {
      const batch = readBatchHeader(bytes, at, end, baseOffset)
      if (!aborted.hides(batch)) {
        const run = runOf(batch, position)
        runs.push(run)
        kept += run.end - run.start
      }
      if (batch.lastOffset >= nextPosition) nextPosition = batch.lastOffset + 1n
    } catch (error) {
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
  return { records: new LogRecords(runs), nextPosition, bytes: kept }
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

/** The batch's records from `position` on, looked through for lengths and offsets that lie: later on nobody could do anything about one. */
function runOf(batch: Batch, position: bigint): RecordRun {
  const { attributes, baseOffset, baseTimestamp, maxTimestamp } = batch
  const codec = codecById(attributes & 0x07)
  const bytes = codec === null ? batch.bytes : codec.decompress(batch.bytes.subarray(batch.start, batch.end))
  const end = codec === null ? batch.end : bytes.length
  const firstWanted = position <= baseOffset ? 0 : Number(position - baseOffset)
  const reader = new VarintReader(bytes, codec === null ? batch.start : 0, end)
  let start = end
  let count = 0
  let lastDelta = -1
  for (let index = 0; index < batch.count; index++) {
    const recordStart = reader.at
    const recordEnd = reader.next() + reader.at
    if (recordEnd > end) throw new RangeError(`record ${index} ends beyond its batch`)
    reader.skip(1)
    reader.next()
    const offsetDelta = reader.next()
    if (offsetDelta <= lastDelta) throw new RangeError(`record ${index} does not come after the one before it`)
    lastDelta = offsetDelta
    if (offsetDelta >= firstWanted) {
      if (count === 0) start = recordStart
      count++
    }
    reader.skip(reader.next())
    reader.skip(reader.next())
    if (reader.at > recordEnd) throw new RangeError(`record ${index} is longer than it says`)
    reader.at = recordEnd
  }
  const timestampOfAll = (attributes & LOG_APPEND_TIME) === 0 ? null : maxTimestamp
  return { bytes, start, end, count, baseOffset, baseTimestamp, timestampOfAll }
}
