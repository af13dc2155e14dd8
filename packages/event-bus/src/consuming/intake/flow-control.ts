/** How much a process holds in memory, and when a partition is fetched no further (I5). */
import type { PartitionLimits } from '../definition/subscription-definition.ts'

/** Bytes that all subscriptions of a process may hold together. */
export class ByteBudget {
  readonly limitBytes: number
  #heldBytes = 0
  #part = 1
  readonly #listeners = new Set<() => void>()

  constructor(limitBytes: number) {
    this.limitBytes = limitBytes
  }

  get heldBytes(): number {
    return this.#heldBytes
  }

  get isExhausted(): boolean {
    return this.#heldBytes >= this.limitBytes * this.#part
  }

  take(bytes: number): void {
    this.#heldBytes += bytes
  }

  release(bytes: number): void {
    const wasExhausted = this.isExhausted
    this.#heldBytes -= bytes
    this.#tellRelief(wasExhausted)
  }

  /** From now on only this part of the limit may be held, from 0 to 1. What is there already stays. */
  setPart(part: number): void {
    const wasExhausted = this.isExhausted
    this.#part = part
    this.#tellRelief(wasExhausted)
  }

  /** Calls `listener` whenever there is room again after there was none. Returns how to stop. */
  onRelief(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #tellRelief(wasExhausted: boolean): void {
    if (wasExhausted && !this.isExhausted) for (const listener of this.#listeners) listener()
  }
}

/** Part of the commit's metadata that may be taken, and the part at which intake goes on: close to each other, so that it flows at the pace of the map. */
const MAX_MAP_FILL = 0.75
const LOW_MAP_FILL = 0.7

/** Part of the partition's limits that followers who were read again may take, on top of them. */
const READ_AGAIN_PART = 0.25

/** What a partition keeps besides records in memory. */
export interface Backlog {
  /** Followers of waiting keys that are kept as tickets. */
  readonly parked: number
  /** How full the commit's metadata is, from 0 to 1: what does not fit there would run again after a restart. */
  readonly mapFill: number
  /** Settled records that a restart would run again, because the metadata is refused. */
  readonly uncommittable: number
}

/** Records and their bytes. */
class Held {
  records = 0
  bytes = 0

  change(records: number, bytes: number): void {
    this.records += records
    this.bytes += bytes
  }

  exceeds(limits: PartitionLimits, part: number): boolean {
    return this.records > limits.maxRecordsPerPartition * part || this.bytes > limits.maxBytesPerPartition * part
  }
}

/** What one partition holds, against its high and low marks. */
export class Intake {
  /** What the driver was told last. */
  isPaused = false
  readonly #limits: PartitionLimits
  readonly #budget: ByteBudget
  readonly #fetched = new Held()
  /** Apart from the others, so that neither takes the other's room: keys that are released do not stop the flow, nor it them (I7). */
  readonly #readAgain = new Held()

  constructor(limits: PartitionLimits, budget: ByteBudget) {
    this.#limits = limits
    this.#budget = budget
  }

  hold(records: number, bytes: number, isReadAgain: boolean): void {
    this.#of(isReadAgain).change(records, bytes)
    this.#budget.take(bytes)
  }

  release(records: number, bytes: number, isReadAgain: boolean): void {
    this.#of(isReadAgain).change(-records, -bytes)
    this.#budget.release(bytes)
  }

  /** Lets go of everything: the epoch is over. */
  releaseAll(): void {
    const bytes = this.#fetched.bytes + this.#readAgain.bytes
    for (const held of [this.#fetched, this.#readAgain]) held.change(-held.records, -held.bytes)
    this.#budget.release(bytes)
  }

  /** Whether it is above a low mark: time to look for what need not be in memory. */
  get isPressed(): boolean {
    return (
      this.#fetched.exceeds(this.#limits, 0.5) || this.#isOverBudget || this.#readAgain.exceeds(this.#limits, 0.125)
    )
  }

  /** Whether followers may be read ahead. The next follower of a lane whose records are all settled needs no room: it takes that of the one before it. */
  get hasRoomToReadAhead(): boolean {
    return !this.#budget.isExhausted && !this.#readAgain.exceeds(this.#limits, READ_AGAIN_PART)
  }

  /** Whether there is enough in memory: from a high mark until everything is at or below its low mark, so that it does not flutter. */
  get isFull(): boolean {
    return this.#fetched.exceeds(this.#limits, this.#part) || this.#isOverBudget
  }

  /** The same of what is kept besides. */
  isFullOf({ parked, mapFill, uncommittable }: Backlog): boolean {
    const part = this.#part
    return (
      parked > this.#limits.maxParkedPerPartition * part ||
      uncommittable > this.#limits.maxUncommittedPerPartition * part ||
      mapFill > (this.isPaused ? LOW_MAP_FILL : MAX_MAP_FILL)
    )
  }

  get #part(): number {
    return this.isPaused ? 0.5 : 1
  }

  /** A partition that holds nothing may always have its next chunk: otherwise one stuck subscription with all of the budget would stop the others (I7). */
  get #isOverBudget(): boolean {
    return this.#budget.isExhausted && this.#fetched.records > 0
  }

  #of(isReadAgain: boolean): Held {
    return isReadAgain ? this.#readAgain : this.#fetched
  }
}
