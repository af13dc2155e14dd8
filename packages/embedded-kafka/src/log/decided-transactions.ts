/** What compaction knows of transactions, all of which have ended: it is told of batches in their order, from the start of the log. */
import type { BatchHeader } from './batch-header.ts'
import type { AbortedTransaction } from './transaction-index.ts'

export class DecidedTransactions {
  readonly #aborted: ReadonlyMap<bigint, readonly AbortedTransaction[]>
  /** Producers that have written something since their last marker. */
  readonly #writing = new Set<bigint>()

  constructor(aborted: readonly AbortedTransaction[]) {
    this.#aborted = Map.groupBy(aborted, ({ producerId }) => producerId)
  }

  isAborted({ isTransactional, producerId, baseOffset }: BatchHeader): boolean {
    if (!isTransactional) return false
    const ended = this.#aborted.get(producerId) ?? []
    return ended.some(({ firstOffset, lastOffset }) => firstOffset <= baseOffset && baseOffset < lastOffset)
  }

  metRecords({ isTransactional, producerId }: BatchHeader): void {
    if (isTransactional) this.#writing.add(producerId)
  }

  /** Whether anything was there still of the transaction that the marker has ended. */
  metMarker({ producerId }: BatchHeader): boolean {
    return this.#writing.delete(producerId)
  }
}
