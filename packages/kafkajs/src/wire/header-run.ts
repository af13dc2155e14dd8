import type { OutgoingHeader } from '@tributary/event-bus'
import { mostBytesOfHeader, writeHeader } from './header-encoder.ts'

/**
 * The headers that a record has in common with the record before it, from the first on, as the very same objects: encoded once and then copied. The events
 * of a call share all but their ids, and those of a type and a millisecond all but ids and trace.
 */
export class HeaderRun {
  #headers: readonly OutgoingHeader[] = []
  #count = 0
  #bytes = Buffer.allocUnsafe(512)
  /** Where the encoded form of each ends. */
  readonly #ends: number[] = []

  /** How many of the headers are in the run; `bytes` is their encoded form, until the next record. */
  get count(): number {
    return this.#count
  }

  get length(): number {
    return this.#count === 0 ? 0 : (this.#ends[this.#count - 1] as number)
  }

  /** Takes the next record's headers. What they do not share with those before leaves the run; what they share and is not in it yet joins it. */
  next(headers: readonly OutgoingHeader[]): void {
    const before = this.#headers
    const most = Math.min(headers.length, before.length)
    let shared = 0
    while (shared < most && headers[shared] === before[shared]) shared++
    for (let place = this.#count; place < shared; place++) this.#append(headers[place] as OutgoingHeader, place)
    this.#count = shared
    this.#headers = headers
  }

  /** Returns the position after the copy. */
  copyTo(target: Buffer, start: number): number {
    const { length } = this
    // A view is an object more, and made only for runs that are longer than it is worth copying byte by byte.
    if (length > 64) this.#bytes.copy(target, start, 0, length)
    else for (let at = 0; at < length; at++) target[start + at] = this.#bytes[at] as number
    return start + length
  }

  #append(header: OutgoingHeader, place: number): void {
    const start = place === 0 ? 0 : (this.#ends[place - 1] as number)
    const needed = start + mostBytesOfHeader(header)
    if (needed > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * needed)
      this.#bytes.copy(larger, 0, 0, start)
      this.#bytes = larger
    }
    this.#ends[place] = writeHeader(this.#bytes, start, header)
  }
}
