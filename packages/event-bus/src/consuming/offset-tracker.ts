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
  #position: bigint

  constructor(position: bigint) {
    this.#position = position
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
    if (nextPosition > this.#position) this.#position = nextPosition
  }

  /** The record of this ticket is settled. Answers false when it was already. */
  settle(ticket: number): boolean {
    if (ticket < this.#head || ticket >= this.#tail || this.#settled[ticket & this.#mask] === 1) return false
    this.#settled[ticket & this.#mask] = 1
    // The first gap bounds the commit: 7 and 9 done, 8 in flight => commit 8, the next to read.
    while (this.#head < this.#tail && this.#settled[this.#head & this.#mask] === 1) this.#head += 1
    return true
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
