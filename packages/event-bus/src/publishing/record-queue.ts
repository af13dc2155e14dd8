import type { PendingRecord } from './pending-record.ts'

/** Fewer dead records than this are not worth a pass. */
const purgeFrom = 64

/**
 * Buffered records in the order of the calls. Records whose caller gave up are dead: they are dropped when they come up, or when they are half of
 * the queue, so that giving up costs the same however long the queue is, and dead records hold at most as much room as live ones.
 */
export class RecordQueue {
  #records: PendingRecord[] = []
  #head = 0
  #dead = 0
  readonly #release: (record: PendingRecord) => void

  /** @param release gives back the room of a record that leaves the queue without being sent. */
  constructor(release: (record: PendingRecord) => void) {
    this.#release = release
  }

  /** Records that are still wanted. */
  get size(): number {
    return this.#records.length - this.#head - this.#dead
  }

  push(record: PendingRecord): void {
    record.state = 'buffered'
    record.queue = this
    this.#records.push(record)
  }

  /** One of the queued records was settled without having been sent. */
  markDead(): void {
    this.#dead += 1
    if (this.size > 0 && (this.#dead < purgeFrom || this.#dead * 2 < this.#records.length - this.#head)) return
    const kept: PendingRecord[] = []
    for (let i = this.#head; i < this.#records.length; i++) this.#keepOrRelease(this.#records[i], kept)
    this.#replace(kept)
  }

  /** Takes the next run of records within both limits, and one at least; empty when nothing is queued. */
  take(maxBytes: number, maxRecords: number): PendingRecord[] {
    const batch: PendingRecord[] = []
    let bytes = 0
    while (this.#head < this.#records.length && (batch.length < maxRecords || batch.length === 0)) {
      const record = this.#records[this.#head]
      if (record === undefined) break
      if (record.state === 'buffered') {
        if (batch.length > 0 && bytes + record.bytes > maxBytes) break
        bytes += record.bytes
      } else {
        this.#dead -= 1
      }
      this.#keepOrRelease(record, batch)
      record.queue = null
      this.#head += 1
    }
    if (this.#head === this.#records.length) this.#replace([])
    else if (this.#head * 2 > this.#records.length) this.#replace(this.#records.slice(this.#head), this.#dead)
    return batch
  }

  #keepOrRelease(record: PendingRecord | undefined, kept: PendingRecord[]): void {
    if (record === undefined) return
    if (record.state === 'buffered') kept.push(record)
    else this.#release(record)
  }

  #replace(records: PendingRecord[], dead = 0): void {
    this.#records = records
    this.#head = 0
    this.#dead = dead
  }
}
