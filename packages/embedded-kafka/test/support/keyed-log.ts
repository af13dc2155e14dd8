/** A compacted log in files with transactional and other producers, and the model of what its readers are to find. */
import { cpSync } from 'node:fs'
import path from 'node:path'
import { expect } from 'vitest'
import { Turns } from '../../src/cluster/turns.ts'
import type { Outcome } from '../../src/log/control-batch.ts'
import { logRecords } from '../../src/log/log-records.ts'
import { readAsClientsDo } from './committed-reader.ts'
import { recordBatch } from './record-batch.ts'
import { rules, type StoredLog, storedLog } from './stored-log.ts'

const policy = {
  compacts: true,
  deletes: false,
  minCleanableDirtyRatio: 0,
  segmentBytes: 400,
  segmentMs: Number.POSITIVE_INFINITY,
  deleteRetentionMs: 3_000,
}
const transactionalBit = 0x10
/** Each of them has one id for good, and only one of them is in no transaction. */
const plainProducer = 0

type Happened =
  | { readonly kind: 'record'; readonly offset: bigint; readonly producer: number; key: string; value: string | null }
  | { readonly kind: Outcome; readonly offset: bigint; readonly producer: number }

/** The last committed value of each key; keys whose last one is a tombstone are not there. */
type Table = ReadonlyMap<string, string>

export class KeyedLog {
  readonly #scratch: string
  #stored: StoredLog
  #lives = 0
  #history: Happened[] = []
  nowMs = 1_700_000_000_000

  constructor(scratch: string) {
    this.#scratch = scratch
    this.#stored = storedLog(this.directory, policy)
  }

  /** Each life has its own: a process that is gone writes nothing any more, but here it might. */
  get directory(): string {
    return path.join(this.#scratch, `${this.#lives}`)
  }

  get log(): StoredLog['log'] {
    return this.#stored.log
  }

  write(producer: number, key: string, value: string | null): void {
    const identity = { producerId: BigInt(producer), producerEpoch: 0, baseSequence: this.#written(producer).length }
    const attributes = producer === plainProducer ? 0 : transactionalBit
    const batch = recordBatch([{ key, value }], { ...identity, attributes, baseTimestamp: this.nowMs })
    const { endOffset } = this.log
    const { baseOffset } = this.log.append(batch, 0, rules, this.nowMs)
    // It is not taken for a repetition.
    expect([baseOffset, this.log.endOffset]).toEqual([endOffset, endOffset + 1n])
    this.#history.push({ kind: 'record', offset: baseOffset, producer, key, value })
  }

  /** Does nothing for a producer that is in no transaction. */
  end(producer: number, outcome: Outcome): void {
    if (!this.#open().has(producer)) return
    const marker = { producerId: BigInt(producer), producerEpoch: 0, outcome, coordinatorEpoch: 0 }
    const offset = this.log.endOffset
    this.log.endTransaction(marker, 0, this.nowMs)
    this.#history.push({ kind: outcome, offset, producer })
  }

  async compact(): Promise<void> {
    await this.log.compact(this.nowMs, new Turns(0))
  }

  async restart(): Promise<void> {
    await this.#stored.close()
    this.#stored = storedLog(this.directory, policy)
  }

  /**
   * The process is gone, perhaps with the machine: `damage` may do to the files of the next life what that does.
   * What was written last may not have happened.
   */
  async die(damage: (before: string, after: string) => void): Promise<void> {
    await this.#stored.storage.close()
    const before = this.directory
    this.#lives += 1
    cpSync(before, this.directory, { recursive: true })
    damage(before, this.directory)
    this.#stored = storedLog(this.directory, policy)
    this.#history = this.#history.filter(({ offset }) => offset < this.log.endOffset)
  }

  async close(): Promise<void> {
    await this.#stored.close()
  }

  /** Readers find the last committed value of each key, and no record that was not written there. */
  check(): void {
    const read = readAsClientsDo(this.log).map(({ offset, key, value }) => ({
      offset,
      key: String(key),
      value: value && String(value),
    }))
    const committed = this.#committed()
    expect(committed).toEqual(expect.arrayContaining(read))
    expect(tableOf(read)).toEqual(tableOf(committed))
    expect(logRecords(this.log, 'read_committed').map(({ offset }) => offset)).toEqual(read.map(({ offset }) => offset))
  }

  /** What is left of the past, without the active segment, once everything has ended and the last compaction has run. */
  left(): { readonly keys: readonly string[]; readonly markers: number } {
    const ended = [...this.log.batches()].filter(({ lastOffset }) => lastOffset < this.#activeOffset)
    const isMarker = ({ bytes }: { bytes: Buffer }): boolean => (bytes.readInt16BE(21) & 0x20) !== 0
    const isEmpty = ({ bytes }: { bytes: Buffer }): boolean => bytes.readInt32BE(57) === 0
    const offsets = new Set(
      ended.filter((batch) => !isMarker(batch) && !isEmpty(batch)).map(({ baseOffset }) => baseOffset),
    )
    const records = this.#history.filter((each) => each.kind === 'record').filter(({ offset }) => offsets.has(offset))
    return { keys: records.map(({ key }) => key), markers: ended.filter(isMarker).length }
  }

  /** Ends the segment that is written to. */
  roll(): void {
    this.write(plainProducer, 'roll', 'x'.repeat(250))
    this.#activeOffset = this.log.endOffset
    this.write(plainProducer, 'roll', 'x'.repeat(250))
  }

  #activeOffset = 0n

  #written(producer: number): Happened[] {
    return this.#history.filter((each) => each.kind === 'record' && each.producer === producer)
  }

  /** First offset of each open transaction. */
  #open(): Map<number, bigint> {
    const open = new Map<number, bigint>()
    for (const { kind, producer, offset } of this.#history) {
      if (producer === plainProducer) continue
      if (kind !== 'record') open.delete(producer)
      else if (!open.has(producer)) open.set(producer, offset)
    }
    return open
  }

  #committed() {
    const ends = [...this.#open().values(), this.log.endOffset]
    const [stableOffset = 0n] = ends.toSorted((one, other) => Number(one - other))
    return this.#history.flatMap((each) => {
      if (each.kind !== 'record' || each.offset >= stableOffset) return []
      const marker = this.#history.find(
        ({ kind, producer, offset }) => kind !== 'record' && producer === each.producer && offset > each.offset,
      )
      const { offset, key, value } = each
      return marker?.kind === 'abort' ? [] : [{ offset, key, value }]
    })
  }
}

function tableOf(records: readonly { readonly key: string; readonly value: string | null }[]): Table {
  const table = new Map<string, string>()
  for (const { key, value } of records)
    if (value === null) table.delete(key)
    else table.set(key, value)
  return table
}
