import { recordStates, Stragglers, type UnsettledVisitor } from './stragglers.ts'

/**
 * Which records of one partition are settled in one epoch, and so what may be committed. It knows offsets and the names of lanes only: what a record is and
 * who handles it is decided elsewhere.
 *
 * A record is known by its ticket, a number that counts the records received in this epoch. Only received records have one, so gaps between
 * offsets (compaction, control batches, aborted transactions) cost nothing.
 *
 * The latest records are in a ring. When it is full, what is unsettled in its older half moves to the stragglers and the rest is forgotten, so that memory
 * grows with what is unsettled, not with what was received since.
 */
export class OffsetTracker {
  /** Rings indexed by `ticket & mask`. */
  #offsets = new BigInt64Array(INITIAL_CAPACITY)
  #receivedAt = new Float64Array(INITIAL_CAPACITY)
  #states = new Uint8Array(INITIAL_CAPACITY)
  readonly #laneKeys: (string | null)[] = []
  #mask = INITIAL_CAPACITY - 1
  /** Ticket of the lowest unsettled record in the ring; equal to `#tail` when there is none. */
  #head = 0
  /** Ticket that the next record gets. */
  #tail = 0
  /** Unsettled records below `#head`. */
  readonly #stragglers = new Stragglers()
  #unsettled = 0
  /** Beyond the highest ticket that is settled. */
  #settledEnd = 0
  /** Everything below was in chunks that were taken in whole. */
  #passed: bigint
  /** The latest that was tracked; below every offset when none was. */
  #latest = -1n
  #revision = 0

  constructor(position: bigint) {
    this.#passed = position
  }

  /** Another number whenever there is something new to commit. */
  get revision(): number {
    return this.#revision
  }

  /** Everything below was tracked, or does not exist on the log. */
  get position(): bigint {
    return this.#latest < this.#passed ? this.#passed : this.#latest + 1n
  }

  /** What may be committed: the lowest unsettled offset, or the position when all is settled. Never goes back. */
  get nextOffset(): bigint {
    if (this.#stragglers.size > 0) return this.#stragglers.first?.offset ?? 0n
    return this.#head === this.#tail ? this.position : this.#ringOffset(this.#head)
  }

  /** No settled record of this epoch is at or beyond this offset. Equal to `nextOffset` when nothing is settled beyond that. */
  get settledBoundary(): bigint {
    if (this.#settledEnd <= this.#lowest) return this.nextOffset
    return this.#settledEnd === this.#tail ? this.position : this.offsetOf(this.#settledEnd)
  }

  /** Settled records beyond `nextOffset`: what a restart would run again without the commit's metadata. */
  get settledBeyond(): number {
    return this.#tail - this.#lowest - this.#unsettled
  }

  /** When the lowest unsettled record was received, as given to `track`; null when all is settled. */
  get oldestReceivedAt(): number | null {
    if (this.#stragglers.size > 0) return this.#stragglers.first?.receivedAt ?? null
    return this.#head === this.#tail ? null : (this.#receivedAt[this.#head & this.#mask] ?? null)
  }

  /**
   * Takes in the next record of a chunk. Offsets ascend within an epoch.
   *
   * @param laneKey the lane it waits in; null when it waits in none
   */
  track(offset: bigint, receivedAt: number, laneKey: string | null): number {
    const ticket = this.#tail
    if (ticket - this.#head > this.#mask) this.#makeRoom()
    const slot = ticket & this.#mask
    this.#offsets[slot] = offset
    this.#latest = offset
    this.#receivedAt[slot] = receivedAt
    this.#states[slot] = recordStates.unsettled
    this.#laneKeys[slot] = laneKey
    this.#tail = ticket + 1
    this.#unsettled += 1
    return ticket
  }

  /** Ends a chunk: everything below `nextPosition` that was not tracked does not exist on the log. */
  advance(nextPosition: bigint): void {
    const { position } = this
    this.#passed = nextPosition
    if (this.position !== position && this.#unsettled === 0) this.#revision += 1
  }

  /** The record of this ticket is settled. Answers false when it was already. */
  settle(ticket: number): boolean {
    if (!this.#setState(ticket, recordStates.settled)) return false
    this.#unsettled -= 1
    this.#revision += 1
    if (ticket >= this.#settledEnd) this.#settledEnd = ticket + 1
    // The first gap bounds the commit: 7 and 9 done, 8 in flight => commit 8, the next to read.
    this.#passSettled()
    return true
  }

  /** The lane of this record keeps it as a ticket from now on, or has it in memory again: `visitUnsettled` leaves parked ones out. */
  setParked(ticket: number, isParked: boolean): void {
    this.#setState(ticket, isParked ? recordStates.parked : recordStates.unsettled)
  }

  /** The offset of an unsettled record. */
  offsetOf(ticket: number): bigint {
    return ticket < this.#head ? (this.#stragglers.offsetOf(ticket) ?? 0n) : this.#ringOffset(ticket)
  }

  /** Unsettled records below `boundary` that are not parked, in ascending order. */
  visitUnsettled(boundary: bigint, visit: UnsettledVisitor): void {
    if (this.#stragglers.visitUnsettled(boundary, visit)) return
    for (let ticket = this.#head; ticket < this.#tail; ticket += 1) {
      const slot = ticket & this.#mask
      if (this.#states[slot] !== recordStates.unsettled) continue
      const offset = this.#ringOffset(ticket)
      if (offset >= boundary) return
      visit(offset, this.#laneKeys[slot] ?? null)
    }
  }

  /** Ticket of the lowest unsettled record; the next ticket when all is settled. */
  get #lowest(): number {
    return this.#stragglers.first?.ticket ?? this.#head
  }

  /** False when the record is settled already, or was never tracked. */
  #setState(ticket: number, state: number): boolean {
    if (ticket < this.#head) return this.#stragglers.setState(ticket, state)
    if (ticket >= this.#tail || this.#states[ticket & this.#mask] === recordStates.settled) return false
    this.#states[ticket & this.#mask] = state
    return true
  }

  #passSettled(): void {
    while (this.#head < this.#tail && this.#states[this.#head & this.#mask] === recordStates.settled) this.#head += 1
  }

  #ringOffset(ticket: number): bigint {
    return this.#offsets[ticket & this.#mask] ?? 0n
  }

  #makeRoom(): void {
    if (this.#mask + 1 < MAX_CAPACITY) {
      this.#grow()
      return
    }
    const end = this.#head + MAX_CAPACITY / 2
    for (let ticket = this.#head; ticket < end; ticket += 1) {
      const slot = ticket & this.#mask
      const state = this.#states[slot] ?? 0
      if (state === recordStates.settled) continue
      this.#stragglers.add(
        ticket,
        this.#ringOffset(ticket),
        this.#receivedAt[slot] ?? 0,
        state,
        this.#laneKeys[slot] ?? null,
      )
    }
    this.#head = end
    this.#passSettled()
  }

  #grow(): void {
    const capacity = (this.#mask + 1) * 2
    const offsets = new BigInt64Array(capacity)
    const receivedAt = new Float64Array(capacity)
    const states = new Uint8Array(capacity)
    const laneKeys = this.#laneKeys.slice()
    for (let ticket = this.#head; ticket < this.#tail; ticket += 1) {
      const from = ticket & this.#mask
      const to = ticket & (capacity - 1)
      offsets[to] = this.#ringOffset(ticket)
      receivedAt[to] = this.#receivedAt[from] ?? 0
      states[to] = this.#states[from] ?? 0
      this.#laneKeys[to] = laneKeys[from] ?? null
    }
    this.#offsets = offsets
    this.#receivedAt = receivedAt
    this.#states = states
    this.#mask = capacity - 1
  }
}

/** Powers of two. What is in the ring is found without a search, so it holds what is usually in flight. */
const INITIAL_CAPACITY = 64
const MAX_CAPACITY = 8_192
