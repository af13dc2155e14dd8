/** How often a step is taken, in milliseconds. */
export const RELEASE_STEP_MS = 100

const STEPS_PER_SECOND = 1_000 / RELEASE_STEP_MS

/**
 * How many held records may run again at each step after an outage: few at first, twice as many in each further second in which something succeeded. While
 * nothing does, it stays as slow as it is: the outage may be back.
 */
export class ReleasePace {
  #perSecond: number
  /** Parts of records; the first step releases one whole. */
  #allowance = 1
  #steps = 0
  #hasSucceeded = false

  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  succeeded(): void {
    this.#hasSucceeded = true
  }

  /** To be called every `RELEASE_STEP_MS`. Answers how many may run again now. */
  step(): number {
    if (this.#steps > 0) this.#allowance += this.#perSecond / STEPS_PER_SECOND
    this.#steps += 1
    if (this.#steps % STEPS_PER_SECOND === 0) {
      if (this.#hasSucceeded) this.#perSecond *= 2
      this.#hasSucceeded = false
    }
    const whole = Math.floor(this.#allowance)
    this.#allowance -= whole
    return whole
  }
}
