import type { HeaderVisitor, RawHeader, RawRecord, RecordList } from '@tributary/event-bus'
import { RepeatedHeaders } from './repeated-headers.ts'
import { VarintReader } from './varint.ts'

/** Records that follow each other in the bytes of a batch, decompressed and known to be well formed. */
export interface RecordRun {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
  readonly count: number
  readonly baseOffset: bigint
  readonly baseTimestamp: number
  /** Where the broker stamps records: the time of all of them. */
  readonly timestampOfAll: number | null
}

/**
 * The records of one fetched partition. They stay bytes until they are iterated over: thousands of records that wait for their turn as objects would outlive a
 * collection of young garbage, and copying them was a quarter of what a record cost.
 */
export class LogRecords implements RecordList {
  readonly length: number
  readonly #runs: readonly RecordRun[]

  constructor(runs: readonly RecordRun[]) {
    this.#runs = runs
    this.length = runs.reduce((count, run) => count + run.count, 0)
  }

  [Symbol.iterator](): Iterator<RawRecord> {
    return new Cursor(this.#runs)
  }
}

class Cursor implements Iterator<RawRecord> {
  readonly #runs: readonly RecordRun[]
  #next = 0
  #run: RecordRun | null = null
  #reader = new VarintReader(NO_BYTES, 0, 0)
  #left = 0

  constructor(runs: readonly RecordRun[]) {
    this.#runs = runs
  }

  next(): IteratorResult<RawRecord, undefined> {
    while (this.#left === 0) {
      const run = this.#runs[this.#next]
      if (run === undefined) return { done: true, value: undefined }
      this.#next++
      this.#run = run
      this.#left = run.count
      this.#reader = new VarintReader(run.bytes, run.start, run.end)
    }
    this.#left--
    return { done: false, value: readRecord(this.#run as RecordRun, this.#reader) }
  }
}

function readRecord({ bytes, baseOffset, baseTimestamp, timestampOfAll }: RecordRun, reader: VarintReader): RawRecord {
  const end = reader.next() + reader.at
  reader.skip(1)
  const timestamp = baseTimestamp + reader.next()
  const offset = baseOffset + BigInt(reader.next())
  const key = reader.bytes(reader.next())
  const value = reader.bytes(reader.next())
  const headersStart = reader.at
  reader.at = end
  return new LogRecord(offset, timestampOfAll ?? timestamp, key, value, bytes, headersStart, end)
}

const NO_BYTES = Buffer.alloc(0)
const NO_HEADERS: readonly RawHeader[] = []
const repeated = new RepeatedHeaders()

/** A record on the log. Headers are decoded when they are looked at: many readers need none. */
class LogRecord implements RawRecord {
  readonly offset: bigint
  readonly timestamp: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly #bytes: Buffer
  readonly #headersStart: number
  readonly #end: number
  #headers: readonly RawHeader[] | null = null

  constructor(
    offset: bigint,
    timestamp: number,
    key: Buffer | null,
    value: Buffer | null,
    bytes: Buffer,
    headersStart: number,
    end: number,
  ) {
    this.offset = offset
    this.timestamp = timestamp
    this.key = key
    this.value = value
    this.#bytes = bytes
    this.#headersStart = headersStart
    this.#end = end
  }

  get headers(): readonly RawHeader[] {
    this.#headers ??= readHeaders(new VarintReader(this.#bytes, this.#headersStart, this.#end))
    return this.#headers
  }

  visitHeaders(visitor: HeaderVisitor): void {
    const reader = new VarintReader(this.#bytes, this.#headersStart, this.#end)
    const count = reader.next()
    for (let index = 0; index < count; index++) repeated.visit(index, reader, this.#bytes, visitor)
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
