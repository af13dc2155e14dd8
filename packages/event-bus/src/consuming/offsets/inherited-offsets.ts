import { keyHashOf, type OffsetMap, type UnsettledEntry } from './offset-map.ts'

type Run = Extract<UnsettledEntry, { kind: 'run' }>

/** What earlier epochs have settled beyond the offset that this one starts at: asked while those records are received again, and carried on until then. */
export class InheritedOffsets {
  /** Nothing at or beyond it is known to be settled. */
  readonly boundary: bigint
  readonly #runs: readonly Run[]
  /** First unsettled offset by hash of the key. */
  readonly #lanes = new Map<number, bigint>()
  /** Index of the first run that ends beyond what was asked for last. */
  #nextRun = 0

  constructor({ boundary, unsettled }: OffsetMap) {
    this.boundary = boundary
    const below = unsettled.filter(({ from }) => from < boundary)
    this.#runs = below.filter((entry) => entry.kind === 'run')
    for (const entry of below) {
      if (entry.kind === 'lane' && !this.#lanes.has(entry.keyHash)) this.#lanes.set(entry.keyHash, entry.from)
    }
  }

  /** Whether a record that is received again is settled. To be asked with ascending offsets. */
  isSettled(offset: bigint, key: Buffer | null): boolean {
    if (offset >= this.boundary) return false
    const run = this.#runFrom(offset)
    if (run !== undefined && run.from <= offset) return false
    if (key === null || this.#lanes.size === 0) return true
    const laneFrom = this.#lanes.get(keyHashOf(key))
    return laneFrom === undefined || offset < laneFrom
  }

  /** What is unsettled from `position` on and below the boundary, in ascending order. */
  unsettledFrom(position: bigint): UnsettledEntry[] {
    const entries: UnsettledEntry[] = []
    for (const [keyHash, laneFrom] of this.#lanes) {
      entries.push({ kind: 'lane', from: laneFrom < position ? position : laneFrom, keyHash })
    }
    for (const { from, to } of this.#runs) {
      if (to > position) entries.push({ kind: 'run', from: from < position ? position : from, to })
    }
    return entries.sort(byOffset)
  }

  #runFrom(offset: bigint): Run | undefined {
    for (;;) {
      const run = this.#runs[this.#nextRun]
      if (run === undefined || run.to > offset) return run
      this.#nextRun += 1
    }
  }
}

export function byOffset(a: UnsettledEntry, b: UnsettledEntry): number {
  if (a.from === b.from) return 0
  return a.from < b.from ? -1 : 1
}
