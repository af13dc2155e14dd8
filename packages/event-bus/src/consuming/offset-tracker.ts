import type { OffsetRange } from './offset-map.ts'

/**
 * Which records of one partition are settled in one epoch, and so what may be committed. It knows offsets only: what a record is and who
 * handles it is decided elsewhere.
 *
 * A record is known by its ticket, a number that counts the records received in this epoch. Only received records have one, so gaps between
 * offsets (compaction, control batches, aborted transactions) cost nothing; but they are free inside a chunk alone (I1): a chunk that does not
 * start where the one before it ended is refused by `continuesAt`.
 */
export class OffsetTracker {
  /** Rings indexed by `ticket & mask`; arrays of numbers, because a partition may hold tens of thousands of settled records behind a slow one. */
  #offsets = new BigInt64Array(INITIAL_CAPACITY)
  #receivedAt = new Float64Array(INITIAL_CAPACITY)
  #settled = new Uint8Array(INITIAL_CAPACITY)
  #mask = INITIAL_CAPACITY - 1
  /** Ticket of the lowest unsettled record; equal to `#tail` when there is none. */
  #head = 0
  /** Ticket that the next record gets. */
  #tail = 0
  /** Settled records between them. */
  #settledBeyond = 0
  #position: bigint
  #revision = 0
  /** What an earlier epoch settled beyond its commit, as far as it is not passed yet. */
  readonly #inherited: OffsetRange[]

  /** @param inherited what is settled beyond `position` already, in ascending order */
  constructor(position: bigint, inherited: readonly OffsetRange[] = []) {
    this.#position = position
    this.#inherited = inherited.filter(({ to }) => to > position)
  }

  /** Another number whenever there is something new to commit. */
  get revision(): number {
    return this.#revision
  }

  /** Where the next chunk must start. */
  get position(): bigint {
    return this.#position
  }

  /** What may be committed: the lowest unsettled offset, or the position when all is settled. Never goes back. */
  get nextOffset(): bigint {
    return this.#head === this.#tail ? this.#position : this.#offsetOf(this.#head)
  }

  /** Records from the lowest unsettled one to the last received: what a restart would run again at worst. */
  get span(): number {
    return this.#tail - this.#head
  }

  /** When the lowest unsettled record was received, as given to `track`; null when all is settled. */
  get oldestReceivedAt(): number | null {
    return this.#head === this.#tail ? null : (this.#receivedAt[this.#head & this.#mask] ?? null)
  }

  /** I1: whether a chunk that was fetched from `fetchedFrom` leaves no hole behind what was received before it. */
  continuesAt(fetchedFrom: bigint): boolean {
    return fetchedFrom === this.#position
  }

  /** Whether an earlier epoch has settled this record, which is about to be tracked. */
  isInherited(offset: bigint): boolean {
    if (this.#inherited.length === 0) return false
    const passed = this.#inherited.findIndex(({ to }) => to > offset)
    this.#inherited.splice(0, passed === -1 ? this.#inherited.length : passed)
    const [next] = this.#inherited
    return next !== undefined && next.from <= offset
  }

  /** Takes in the next record of a chunk. Offsets ascend within an epoch. */
  track(offset: bigint, receivedAt: number): number {
    const ticket = this.#tail
    if (ticket - this.#head > this.#mask) this.#grow()
    const slot = ticket & this.#mask
    this.#offsets[slot] = offset
    this.#receivedAt[slot] = receivedAt
    this.#settled[slot] = 0
    this.#tail = ticket + 1
    return ticket
  }

  /** Ends a chunk: everything below `nextPosition` that was not tracked does not exist on the log. */
  advance(nextPosition: bigint): void {
    if (nextPosition <= this.#position) return
    this.#position = nextPosition
    if (this.#head === this.#tail) this.#revision += 1
  }

  /** The record of this ticket is settled. Answers false when it was already. */
  settle(ticket: number): boolean {
    if (ticket < this.#head || ticket >= this.#tail || this.#settled[ticket & this.#mask] === 1) return false
    this.#settled[ticket & this.#mask] = 1
    this.#settledBeyond += 1
    this.#revision += 1
    // The first gap bounds the commit: 7 and 9 done, 8 in flight => commit 8, the next to read.
    while (this.#head < this.#tail && this.#isSettled(this.#head)) {
      this.#head += 1
      this.#settledBeyond -= 1
    }
    return true
  }

  /** What is settled beyond `nextOffset`, in ascending order: of this epoch, and of an earlier one as far as it was not read again yet. */
  *settledBeyond(): Iterable<OffsetRange> {
    for (let ticket = this.#head; ticket < this.#tail && this.#settledBeyond > 0; ) {
      if (!this.#isSettled(ticket)) {
        ticket += 1
        continue
      }
      const from = this.#offsetOf(ticket)
      while (ticket < this.#tail && this.#isSettled(ticket)) ticket += 1
      yield { from, to: ticket === this.#tail ? this.#position : this.#offsetOf(ticket) }
    }
    for (const range of this.#inherited) {
      if (range.from >= this.#position) yield range
      else if (range.to > this.#position) yield { from: this.#position, to: range.to }
    }
  }

  #isSettled(ticket: number): boolean {
    return this.#settled[ticket & this.#mask] === 1
  }

  #offsetOf(ticket: number): bigint {
    return this.#offsets[ticket & this.#mask] ?? 0n
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2
    const offsets = new BigInt64Array(capacity)
    const receivedAt = new Float64Array(capacity)
    const settled = new Uint8Array(capacity)
    for (let ticket = this.#head; ticket < this.#tail; ticket += 1) {
      const from = ticket & this.#mask
      const to = ticket & (capacity - 1)
      offsets[to] = this.#offsetOf(ticket)
      receivedAt[to] = this.#receivedAt[from] ?? 0
      settled[to] = this.#settled[from] ?? 0
    }
    this.#offsets = offsets
    this.#receivedAt = receivedAt
    this.#settled = settled
    this.#mask = capacity - 1
  }
}

/** A power of two, as every later capacity. */
const INITIAL_CAPACITY = 64
