import type { Chunk, RawRecord } from '../../driver.ts'
import { Fifo } from '../lanes/fifo.ts'

/** A chunk of which nothing, or a first part, has been taken. */
export interface Arrival {
  readonly records: Iterator<RawRecord>
  readonly nextPosition: bigint
  /** By the monotonic clock. */
  readonly receivedAtMs: number
  readonly bytesEach: number
}

/**
 * What a partition has received and nobody has asked for yet. Records are taken one by one when something could run them, so that most live for microseconds:
 * making all of a chunk at once cost more in garbage collection than handling it.
 */
export class Arrivals {
  readonly #arrivals = new Fifo<Arrival>()
  #records = 0

  /** Records that are not taken yet. */
  get size(): number {
    return this.#records
  }

  /** Whether there is nothing to take, not even a chunk without records. */
  get isEmpty(): boolean {
    return this.#arrivals.size === 0
  }

  /** The one to take from; undefined when there is none. */
  get first(): Arrival | undefined {
    return this.#arrivals.first
  }

  add({ records, bytes, nextPosition }: Chunk, receivedAtMs: number): Arrival {
    const bytesEach = records.length === 0 ? 0 : Math.ceil(bytes / records.length)
    const arrival = { records: records[Symbol.iterator](), nextPosition, receivedAtMs, bytesEach }
    this.#arrivals.push(arrival)
    this.#records += records.length
    return arrival
  }

  /** The next record of the first one; null when that has no more, and is gone. */
  take(arrival: Arrival): RawRecord | null {
    const next = arrival.records.next()
    if (next.done !== true) {
      this.#records -= 1
      return next.value
    }
    this.#arrivals.shift()
    return null
  }

  clear(): void {
    this.#arrivals.clear()
    this.#records = 0
  }
}
