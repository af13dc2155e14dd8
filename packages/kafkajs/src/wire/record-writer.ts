import type { OutgoingHeader, OutgoingRecord } from '@tributary/event-bus'
import { mostBytesOf, mostBytesOfHeader, writeContent, writeHeader } from './header-encoder.ts'
import { HeaderRun } from './header-run.ts'
import { sizeOfVarint, writeVarint } from './varint.ts'

/** Attributes, deltas and numbers of bytes of a record, at their longest. */
const MOST_FRAME_BYTES = 40
/** A record's size takes as many bytes as this if it has 64 to 8,191. */
const SIZE_BYTES = 2
/** More than the records of most batches; longer ones grow. */
const MOST_BYTES_AT_FIRST = 1_100_000

/**
 * Writes the records of a batch one after the other, each in one pass: with no look ahead at how long things are, a record is visited once, and text is measured
 * and written in one go. Sizing a batch first took as long as writing it.
 */
export class RecordWriter {
  readonly #baseTimestamp: number
  readonly #run = new HeaderRun()
  #bytes: Buffer
  #at: number

  /** @param reserved bytes left free in front of the first record */
  constructor(records: readonly OutgoingRecord[], reserved: number) {
    const [first] = records
    this.#baseTimestamp = first?.timestamp ?? 0
    const guess = first === undefined ? 0 : records.length * (MOST_FRAME_BYTES + mostBytesOfRecord(first))
    this.#bytes = Buffer.allocUnsafe(reserved + Math.min(guess, MOST_BYTES_AT_FIRST))
    this.#at = reserved
  }

  /** The reserved bytes and the records, in memory of their own. */
  get written(): Buffer {
    return this.#bytes.subarray(0, this.#at)
  }

  write({ key, value, headers, timestamp }: OutgoingRecord, offsetDelta: number): void {
    const run = this.#run
    run.next(headers)
    this.#makeRoom(key, value, headers)
    const target = this.#bytes
    const start = this.#at + SIZE_BYTES
    target[start] = 0
    let at = writeVarint(target, start + 1, timestamp - this.#baseTimestamp)
    at = writeVarint(target, at, offsetDelta)
    at = writeContent(target, at, key)
    at = writeContent(target, at, value)
    at = writeVarint(target, at, headers.length)
    at = run.copyTo(target, at)
    for (let place = run.count; place < headers.length; place++) {
      at = writeHeader(target, at, headers[place] as OutgoingHeader)
    }
    const size = at - start
    const sizeBytes = sizeOfVarint(size)
    if (sizeBytes !== SIZE_BYTES) target.copyWithin(this.#at + sizeBytes, start, at)
    writeVarint(target, this.#at, size)
    this.#at += sizeBytes + size
  }

  #makeRoom(key: Buffer | string | null, value: Buffer | null, headers: readonly OutgoingHeader[]): void {
    const run = this.#run
    let needed = this.#at + MOST_FRAME_BYTES + mostBytesOf(key) + mostBytesOf(value) + run.length
    for (let place = run.count; place < headers.length; place++) {
      needed += mostBytesOfHeader(headers[place] as OutgoingHeader)
    }
    if (needed <= this.#bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length))
    this.#bytes.copy(larger, 0, 0, this.#at)
    this.#bytes = larger
  }
}

function mostBytesOfRecord({ key, value, headers }: OutgoingRecord): number {
  let bytes = mostBytesOf(key) + mostBytesOf(value)
  for (const header of headers) bytes += mostBytesOfHeader(header)
  return bytes
}
