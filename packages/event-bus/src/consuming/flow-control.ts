/** How much a process holds in memory, and when a partition is fetched no further (I5). */
import type { PartitionLimits } from './subscription-definition.ts'

/** Bytes that all subscriptions of a process may hold together. */
export class ByteBudget {
  readonly limitBytes: number
  #heldBytes = 0
  readonly #listeners = new Set<() => void>()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  get isExhausted(): boolean {
    return this.#heldBytes >= this.limitBytes
  }

  take(bytes: number): void {
    this.#heldBytes += bytes
  }

  release(bytes: number): void {
    const wasExhausted = this.isExhausted
    this.#heldBytes -= bytes
    if (wasExhausted && !this.isExhausted) for (const listener of this.#listeners) listener()
  }

  /** Calls `listener` whenever there is room again after there was none. Returns how to stop. */
  onRelief(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** Part of the commit's metadata that may be taken. */
const MAX_MAP_FILL = 0.75

/** What one partition holds, against its high and low marks. */
export class Intake {
  heldRecords = 0
  heldBytes = 0
  /** What the driver was told last. */
  isPaused = false
  readonly #limits: PartitionLimits
  readonly #budget: ByteBudget

  constructor(limits: PartitionLimits, budget: ByteBudget) {
    this.#limits = limits
    this.#budget = budget
  }

  hold(records: number, bytes: number): void {
    this.heldRecords += records
    this.heldBytes += bytes
    this.#budget.take(bytes)
  }

  release(records: number, bytes: number): void {
    this.heldRecords -= records
    this.heldBytes -= bytes
    this.#budget.release(bytes)
  }

  /** Lets go of everything: the epoch is over. */
  releaseAll(): void {
    this.release(this.heldRecords, this.heldBytes)
  }

  /**
   * Whether the partition should be paused now: from a high mark until everything is at or below half of it, so that it does not flutter.
   *
   * @param span records from the lowest unsettled one to the last received
   * @param mapFill how full the commit's metadata is, from 0 to 1: what does not fit there would run again after a restart
   */
  wantsPause(span: number, mapFill: number): boolean {
    const part = this.isPaused ? 0.5 : 1
    return (
      this.heldRecords > this.#limits.maxRecordsPerPartition * part ||
      this.heldBytes > this.#limits.maxBytesPerPartition * part ||
      span > this.#limits.maxUncommittedPerPartition * part ||
      mapFill > MAX_MAP_FILL * part ||
      // A partition that holds nothing may always have its next chunk: otherwise one stuck subscription with all of the budget would stop the others (I7).
      (this.#budget.isExhausted && this.heldRecords > 0)
    )
  }
}
