/** Books what arrived: how often each order, in which order within its key, and every so often whether it is what was sent. */

export interface Verdict {
  readonly missing: number
  readonly duplicates: number
  /** Records that came after a later one of their key. */
  readonly outOfOrder: number
  /** Of the sample: records that are not what was sent. */
  readonly altered: number
  readonly sampled: number
}

/** One in so many records is compared as a whole. A prime, so that the sample does not follow batches. */
const SAMPLE_EVERY = 1009

export class Ledger {
  readonly #times: Uint8Array
  readonly #keys: Int32Array
  readonly #lastOfKey: Int32Array
  readonly #isSame: (sequence: number, key: number, content: unknown) => boolean
  #distinct = 0
  #duplicates = 0
  #outOfOrder = 0
  #altered = 0
  #sampled = 0

  /** @param keys key index by sequence */
  constructor(keys: Int32Array, isSame: (sequence: number, key: number, content: unknown) => boolean) {
    this.#keys = keys
    this.#times = new Uint8Array(keys.length)
    this.#lastOfKey = new Int32Array(keys.reduce((highest, key) => Math.max(highest, key), 0) + 1).fill(-1)
    this.#isSame = isSame
  }

  /** Orders seen at least once. */
  get distinct(): number {
    return this.#distinct
  }

  get isComplete(): boolean {
    return this.#distinct === this.#times.length
  }

  book(sequence: number, content: unknown): void {
    const key = this.#keys[sequence]
    if (key === undefined) {
      this.#altered += 1
      return
    }
    if (this.#times[sequence] === 0) this.#distinct += 1
    else this.#duplicates += 1
    this.#times[sequence] = 1
    if ((this.#lastOfKey[key] as number) > sequence) this.#outOfOrder += 1
    else this.#lastOfKey[key] = sequence
    if (sequence % SAMPLE_EVERY === 0) {
      this.#sampled += 1
      if (!this.#isSame(sequence, key, content)) this.#altered += 1
    }
  }

  /** @param expected how many distinct orders there should be by now */
  verdict(expected: number = this.#times.length): Verdict {
    return {
      missing: Math.max(0, expected - this.#distinct),
      duplicates: this.#duplicates,
      outOfOrder: this.#outOfOrder,
      altered: this.#altered,
      sampled: this.#sampled,
    }
  }
}
