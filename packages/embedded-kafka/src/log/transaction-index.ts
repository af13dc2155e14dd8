/** The transactions of one partition: which are open, and where those that were aborted lie. */
import type { Outcome } from './control-batch.ts'

export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: bigint
  /** Of the marker that ended it. */
  readonly lastOffset: bigint
}

/** As JSON. */
export interface TransactionSnapshot {
  readonly open: readonly (readonly [producerId: string, firstOffset: string])[]
  readonly aborted: readonly (readonly [producerId: string, firstOffset: string, lastOffset: string])[]
  readonly nextOffset: string
}

export class TransactionIndex {
  /** First offset by producer, in the order in which they began: the first entry is the oldest. */
  readonly #open = new Map<bigint, bigint>()
  /** In the order in which they ended. */
  #aborted: AbortedTransaction[] = []
  /** Everything before it is known. A log that is read again after a crash may begin before what a snapshot knew already. */
  #nextOffset = 0n

  /** Where the oldest open transaction begins; undefined when none is open. */
  get firstOpenOffset(): bigint | undefined {
    const [first] = this.#open.values()
    return first
  }

  openSince(producerId: bigint): bigint | undefined {
    return this.#open.get(producerId)
  }

  wrote(producerId: bigint, baseOffset: bigint): void {
    if (!this.#isNew(baseOffset)) return
    if (!this.#open.has(producerId)) this.#open.set(producerId, baseOffset)
  }

  /** A marker was written. One for a producer without an open transaction ends nothing. */
  ended(producerId: bigint, outcome: Outcome, markerOffset: bigint): void {
    if (!this.#isNew(markerOffset)) return
    const firstOffset = this.#open.get(producerId)
    if (firstOffset === undefined) return
    this.#open.delete(producerId)
    if (outcome === 'abort') this.#aborted.push({ producerId, firstOffset, lastOffset: markerOffset })
  }

  /** Those of which something lies at or after `from` and before `to`. */
  abortedBetween(from: bigint, to: bigint): AbortedTransaction[] {
    const found: AbortedTransaction[] = []
    for (let index = this.#aborted.length - 1; index >= 0; index--) {
      const aborted = this.#aborted[index] as AbortedTransaction
      if (aborted.lastOffset < from) break
      if (aborted.firstOffset < to) found.push(aborted)
    }
    return found.reverse()
  }

  /** Nothing before that offset can be read any more. */
  forgetBefore(startOffset: bigint): void {
    this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset >= startOffset)
  }

  snapshot(): TransactionSnapshot {
    return {
      open: [...this.#open].map(([producerId, firstOffset]) => [String(producerId), String(firstOffset)]),
      aborted: this.#aborted.map(({ producerId, firstOffset, lastOffset }) => [
        String(producerId),
        String(firstOffset),
        String(lastOffset),
      ]),
      nextOffset: String(this.#nextOffset),
    }
  }

  /** Forgets what it knows, and knows that instead. */
  restore({ open, aborted, nextOffset }: TransactionSnapshot): void {
    this.#open.clear()
    for (const [producerId, firstOffset] of open) this.#open.set(BigInt(producerId), BigInt(firstOffset))
    this.#aborted = aborted.map(([producerId, firstOffset, lastOffset]) => ({
      producerId: BigInt(producerId),
      firstOffset: BigInt(firstOffset),
      lastOffset: BigInt(lastOffset),
    }))
    this.#nextOffset = BigInt(nextOffset)
  }

  /** The log turns out to end there: what was known of anything behind it never happened. */
  endAt(endOffset: bigint): void {
    if (endOffset >= this.#nextOffset) return
    this.#nextOffset = endOffset
    for (const { producerId, firstOffset, lastOffset } of this.#aborted)
      if (lastOffset >= endOffset) this.#open.set(producerId, firstOffset)
    this.#aborted = this.#aborted.filter(({ lastOffset }) => lastOffset < endOffset)
    const open = [...this.#open].filter(([, firstOffset]) => firstOffset < endOffset)
    this.#open.clear()
    for (const [producerId, firstOffset] of open.toSorted(([, one], [, other]) => (one < other ? -1 : 1)))
      this.#open.set(producerId, firstOffset)
  }

  #isNew(offset: bigint): boolean {
    if (offset < this.#nextOffset) return false
    this.#nextOffset = offset + 1n
    return true
  }
}
