/** Where in a segment file to begin to look: one entry for each stretch of the file, not one for each batch. */

/** A lookup reads less than this before it is at its batch. A gigabyte has 32,768 entries. */
export const indexIntervalBytes = 32_768

export type IndexSnapshot = readonly [
  offsets: readonly number[],
  positions: readonly number[],
  times: readonly number[],
]

export class SparseIndex {
  /** Offsets of the batches at `#positions`, counted from the segment's base offset. */
  readonly #offsets: number[]
  readonly #positions: number[]
  /** The largest timestamp of all batches before that position. */
  readonly #times: number[]

  constructor([offsets, positions, times]: IndexSnapshot = [[], [], []]) {
    this.#offsets = [...offsets]
    this.#positions = [...positions]
    this.#times = [...times]
  }

  /** Told of every batch that is written, in order. */
  note(offset: number, position: number, maxTimestampBefore: number): void {
    if (position < (this.#positions.at(-1) ?? -indexIntervalBytes) + indexIntervalBytes) return
    this.#offsets.push(offset)
    this.#positions.push(position)
    this.#times.push(maxTimestampBefore)
  }

  /** A position less than {@link indexIntervalBytes} before the batch that holds this offset. */
  positionOf(offset: number): number {
    return this.#positions[lastBelow(this.#offsets, offset + 1)] ?? 0
  }

  /** A position before which there is no batch as late as that. */
  positionSince(timestampMs: number): number {
    return this.#positions[lastBelow(this.#times, timestampMs)] ?? 0
  }

  snapshot(): IndexSnapshot {
    return [this.#offsets, this.#positions, this.#times]
  }
}

/** The index of the last value below `limit`, of values that never fall; -1 when there is none. */
function lastBelow(values: readonly number[], limit: number): number {
  let low = 0
  let high = values.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((values[middle] as number) < limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
