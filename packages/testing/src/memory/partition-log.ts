import { type OutgoingRecord, type RawHeader, type RawRecord, rawRecord } from '@tributary/event-bus'

/** What one read of the log yields: records from the position asked for, and where the next read starts. */
export interface LogSlice {
  readonly records: readonly RawRecord[]
  readonly nextPosition: bigint
  readonly bytes: number
  /** The log begins beyond the position: there was nothing to read. */
  readonly isExpired?: true
}

/** Rough size of a record on the wire: its bytes and the few that frame it. */
const RECORD_OVERHEAD_BYTES = 12
const HEADER_OVERHEAD_BYTES = 4

/** The log of one partition. Owns its bytes: neither a producer's buffer nor a reader's shares memory with it. */
export class PartitionLog {
  readonly #records: RawRecord[] = []
  #startOffset = 0n
  #endOffset = 0n

  get startOffset(): bigint {
    return this.#startOffset
  }

  get endOffset(): bigint {
    return this.#endOffset
  }

  append(records: readonly OutgoingRecord[], appendTime: number | null): bigint {
    const baseOffset = this.#endOffset
    for (const record of records) {
      this.#records.push({
        ...copyOf(rawRecord(record)),
        timestamp: appendTime ?? record.timestamp,
        offset: this.#endOffset,
      })
      this.#endOffset += 1n
    }
    return baseOffset
  }

  /**
   * Reads from `position` on, at least one record, as many as fit into `maxBytes`, none at or beyond `before`. A gap up to `before` or to the end
   * of the log belongs to the slice: the next position is beyond it. What retention has removed is a slice of its own.
   */
  read(position: bigint, maxBytes: number, before: bigint = this.#endOffset): LogSlice {
    if (position < this.#startOffset) {
      const nextPosition = before < this.#startOffset ? before : this.#startOffset
      return { records: [], bytes: 0, nextPosition, isExpired: true }
    }
    const records: RawRecord[] = []
    let bytes = 0
    for (let index = this.#indexOf(position); index < this.#records.length; index++) {
      const record = this.#records[index]
      if (!record || record.offset >= before) break
      const recordBytes = bytesOf(record)
      if (records.length > 0 && bytes + recordBytes > maxBytes) return { records, bytes, nextPosition: record.offset }
      records.push({ ...copyOf(record), offset: record.offset, timestamp: record.timestamp })
      bytes += recordBytes
    }
    const limit = before < this.#endOffset ? before : this.#endOffset
    return { records, bytes, nextPosition: limit > position ? limit : position }
  }

  /** Everything that is on the log now. */
  all(): readonly RawRecord[] {
    return this.read(this.#startOffset, Number.POSITIVE_INFINITY).records
  }

  /** What retention does: nothing below `offset` is left. */
  truncateBefore(offset: bigint): void {
    this.#records.splice(0, this.#indexOf(offset))
    if (offset > this.#startOffset) this.#startOffset = offset
    if (offset > this.#endOffset) this.#endOffset = offset
  }

  /** What compaction does: the record goes, its offset stays used. */
  remove(offset: bigint): void {
    const index = this.#indexOf(offset)
    if (this.#records[index]?.offset === offset) this.#records.splice(index, 1)
  }

  /** Index of the first record at or beyond `offset`. */
  #indexOf(offset: bigint): number {
    let low = 0
    let high = this.#records.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const record = this.#records[middle]
      if (record && record.offset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

export function bytesOf(record: Omit<OutgoingRecord, 'timestamp'>): number {
  let bytes = RECORD_OVERHEAD_BYTES + sizeOf(record.key) + sizeOf(record.value)
  for (const [name, value] of record.headers) bytes += HEADER_OVERHEAD_BYTES + name.length + sizeOf(value)
  return bytes
}

function sizeOf(content: Buffer | string | null): number {
  return content === null ? 0 : Buffer.byteLength(content)
}

function copyOf(record: Pick<RawRecord, 'key' | 'value' | 'headers'>): Pick<RawRecord, 'key' | 'value' | 'headers'> {
  return {
    key: record.key && Buffer.from(record.key),
    value: record.value && Buffer.from(record.value),
    headers: record.headers.map(([name, value]): RawHeader => [name, value && Buffer.from(value)]),
  }
}
