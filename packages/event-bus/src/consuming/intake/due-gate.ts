import type { Clock, Timer } from '../../clock.ts'
import type { Chunk, RawRecord } from '../../driver.ts'
import { dueAtOf } from '../../failing/record-history.ts'

export interface DueGateOptions {
  readonly clock: Clock
  /** Of the retry topic, in milliseconds. */
  readonly delayMs: number
  /** As it was when the partition was assigned. */
  readonly logEndOffset: bigint
  /** Something may be due: the partition is to be read on. */
  readonly onOpen: () => void
}

/** Records that follow within this, in milliseconds, are waited for as well: each opening reads again what was left behind at the last one. */
const GATHER_MS = 250

/** Wall clocks are set, and suspended machines sleep: how far off the due time is looked at again after this, in milliseconds. */
const LONGEST_SLEEP_MS = 30_000

/** What the gate is shut for. */
interface Wait {
  /** Milliseconds since the Unix epoch. */
  readonly dueAt: number
  /** By the monotonic clock: it is over by then, whatever wall clocks say. */
  readonly latestMs: number
}

/**
 * The wait of a retry topic's partition. It lets through what is due; at the first record that is not it is shut, and everything from there on is left on the log
 * until a timer opens it: the wait costs no memory, no slot and no loop, and the partition is paused meanwhile.
 *
 * Never early: a record waits until its due time has come by this process's wall clock, which the writer has set by its own. Clocks that disagree must not make it
 * wait for hours, so it also waits no longer than the topic's delay from when it is known to be there: it was written before that, so even then it has waited long
 * enough. Records that stand behind one with a later due time are late by the difference: by what writers' clocks disagree, and by how long writes were under way.
 */
export class DueGate {
  readonly #options: DueGateOptions
  /** Everything below this offset was on the log at that time, by the monotonic clock. */
  #known: { readonly end: bigint; readonly sinceMs: number }
  #wait: Wait | null = null
  #timer: Timer | null = null

  constructor(options: DueGateOptions) {
    this.#options = options
    this.#known = { end: options.logEndOffset, sinceMs: options.clock.monotonic() }
  }

  get isShut(): boolean {
    return this.#wait !== null
  }

  /** The part of a chunk that is due: all of it, or what is before the first record that is not. Then the gate is shut. */
  admit(chunk: Chunk): Chunk {
    this.close()
    const records = Array.from(chunk.records)
    const first = records.findIndex((record) => this.#leftMs(this.#waitFor(record)) > 0)
    const held = records[first]
    if (held === undefined) return chunk
    // Where it stops, time runs from now on: otherwise the latest moment would move on with each look.
    if (held.offset >= this.#known.end) {
      const end = chunk.highWatermark > held.offset ? chunk.highWatermark : held.offset + 1n
      this.#known = { end, sinceMs: this.#options.clock.monotonic() }
    }
    this.#shut(records.slice(first))
    const bytes = Math.ceil((chunk.bytes * first) / records.length)
    return { ...chunk, records: records.slice(0, first), nextPosition: held.offset, bytes }
  }

  /** Waits for nothing any more. */
  close(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#wait = null
  }

  #shut(held: readonly RawRecord[]): void {
    const waits = held.map((record) => this.#waitFor(record))
    const gatheredMs = (waits[0] === undefined ? 0 : this.#leftMs(waits[0])) + GATHER_MS
    const end = waits.findIndex((wait) => this.#leftMs(wait) > gatheredMs)
    const gathered = end === -1 ? waits : waits.slice(0, end)
    this.#wait = gathered.reduce((last, wait) => (this.#leftMs(wait) > this.#leftMs(last) ? wait : last))
    this.#sleep(this.#wait)
  }

  #sleep(wait: Wait): void {
    const { clock, onOpen } = this.#options
    const wake = (): void => {
      if (this.#leftMs(wait) > 0) {
        this.#sleep(wait)
        return
      }
      this.close()
      onOpen()
    }
    // At least a millisecond: a timer may fire a fraction before its time, and must not spin until that has passed.
    this.#timer = clock.setTimer(wake, Math.min(Math.max(this.#leftMs(wait), 1), LONGEST_SLEEP_MS))
  }

  #waitFor(record: RawRecord): Wait {
    const { clock, delayMs } = this.#options
    const sinceMs = record.offset < this.#known.end ? this.#known.sinceMs : clock.monotonic()
    return { dueAt: dueAtOf(record, delayMs), latestMs: sinceMs + delayMs }
  }

  #leftMs({ dueAt, latestMs }: Wait): number {
    const { clock } = this.#options
    return Math.min(dueAt - clock.now(), latestMs - clock.monotonic())
  }
}
