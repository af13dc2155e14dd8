/** Numbers that follow from a seed: the same seed gives the same ones, on every machine. */
export interface SeededRandom {
  /** From 0 up to, but not including, 1. */
  next(): number
  /** A whole number of at least `min` and at most `max`. */
  between(min: number, max: number): number
  /** True in `probability` of all cases. */
  chance(probability: number): boolean
  /** One of them. @throws RangeError when there is none. */
  pick<T>(choices: readonly T[]): T
}

/** mulberry32: 32 bits of state are plenty for a few thousand draws, and it takes no time. */
export function seededRandom(seed: number): SeededRandom {
  let state = Math.imul(seed | 0, 0x9e3779b1) ^ 0x5bd1e995
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1))
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    pick<T>(choices: readonly T[]): T {
      if (choices.length === 0) throw new RangeError('pick: there is nothing to choose from')
      return choices[between(0, choices.length - 1)] as T
    },
  }
}
