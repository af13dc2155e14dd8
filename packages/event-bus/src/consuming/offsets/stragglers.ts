/** What the tracker knows of a record. `parked`: unsettled, and kept by its lane as a ticket only. */
export const recordStates = { unsettled: 0, settled: 1, parked: 2 } as const

/** An unsettled record, as `OffsetTracker.visitUnsettled` names it. */
export type UnsettledVisitor = (offset: bigint, laneKey: string | null) => void

/**
 * Unsettled records that everything around them has left behind. Tickets ascend, so that finding one is a binary search; arrays of numbers, because a waiting
 * key may have 100,000 followers: about 33 bytes each.
 */
export class Stragglers {
  #tickets = new Float64Array(INITIAL_CAPACITY)
  #offsets = new BigInt64Array(INITIAL_CAPACITY)
  #receivedAt = new Float64Array(INITIAL_CAPACITY)
  #states = new Uint8Array(INITIAL_CAPACITY)
  #laneKeys: (string | null)[] = []
  /** Index of the first that is unsettled; equal to `#tail` when there is none. */
  #head = 0
  #tail = 0
  #size = 0

  get size(): number {
    return this.#size
  }

  /** The lowest; undefined when there is none. */
  get first(): { readonly ticket: number; readonly offset: bigint; readonly receivedAt: number } | undefined {
    if (this.#size === 0) return undefined
    const index = this.#head
    return {
      ticket: this.#tickets[index] ?? 0,
      offset: this.#offsets[index] ?? 0n,
      receivedAt: this.#receivedAt[index] ?? 0,
    }
  }

  /** Takes one in whose ticket is higher than all before. */
  add(ticket: number, offset: bigint, receivedAt: number, state: number, laneKey: string | null): void {
    if (this.#tail === this.#tickets.length) this.#makeRoom()
    const index = this.#tail
    this.#tickets[index] = ticket
    this.#offsets[index] = offset
    this.#receivedAt[index] = receivedAt
    this.#states[index] = state
    this.#laneKeys[index] = laneKey
    this.#tail += 1
    this.#size += 1
  }

  /** Undefined when it is not here, or settled. */
  offsetOf(ticket: number): bigint | undefined {
    const index = this.#indexOf(ticket)
    return index === -1 ? undefined : this.#offsets[index]
  }

  /** False when it is not here, or settled already. */
  setState(ticket: number, state: number): boolean {
    const index = this.#indexOf(ticket)
    if (index === -1) return false
    this.#states[index] = state
    if (state === recordStates.settled) this.#settled(index)
    return true
  }

  /** Those below `boundary` that are not parked, in ascending order. Answers whether it met the boundary. */
  visitUnsettled(boundary: bigint, visit: UnsettledVisitor): boolean {
    for (let index = this.#head; index < this.#tail; index += 1) {
      if (this.#states[index] !== recordStates.unsettled) continue
      const offset = this.#offsets[index] ?? 0n
      if (offset >= boundary) return true
      visit(offset, this.#laneKeys[index] ?? null)
    }
    return false
  }

  #settled(index: number): void {
    this.#size -= 1
    this.#laneKeys[index] = null
    if (this.#size === 0) {
      this.#resize(INITIAL_CAPACITY)
      return
    }
    while (this.#states[this.#head] === recordStates.settled) this.#head += 1
  }

  /** -1 when it is not here, or settled. */
  #indexOf(ticket: number): number {
    let low = this.#head
    let high = this.#tail
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#tickets[middle] ?? 0) < ticket) low = middle + 1
      else high = middle
    }
    const isHere = low < this.#tail && this.#tickets[low] === ticket
    return isHere && this.#states[low] !== recordStates.settled ? low : -1
  }

  /** At least half of the room is free afterwards: so a record is moved twice at most on average, however many there are. */
  #makeRoom(): void {
    const capacity = this.#tickets.length
    this.#resize(this.#size * 2 > capacity ? capacity * 2 : capacity)
  }

  /** Moves what is unsettled to the front of arrays of this capacity. */
  #resize(capacity: number): void {
    const [tickets, offsets, receivedAt, states, laneKeys] = [
      this.#tickets,
      this.#offsets,
      this.#receivedAt,
      this.#states,
      this.#laneKeys,
    ]
    const [head, tail] = [this.#head, this.#tail]
    this.#tickets = new Float64Array(capacity)
    this.#offsets = new BigInt64Array(capacity)
    this.#receivedAt = new Float64Array(capacity)
    this.#states = new Uint8Array(capacity)
    this.#laneKeys = []
    this.#head = 0
    this.#tail = 0
    this.#size = 0
    for (let index = head; index < tail; index += 1) {
      const state = states[index] ?? 0
      if (state === recordStates.settled) continue
      this.add(tickets[index] ?? 0, offsets[index] ?? 0n, receivedAt[index] ?? 0, state, laneKeys[index] ?? null)
    }
  }
}

const INITIAL_CAPACITY = 64
