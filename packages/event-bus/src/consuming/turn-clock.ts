import type { Clock, Timer } from '../clock.ts'

/**
 * Remembers its latest reading. An attempt reads the clock when it starts and when it ends; what else happens then need not read it again, which costs as much as
 * looking something up.
 */
export class TurnClock implements Clock {
  readonly #clock: Clock
  #latestMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#latestMs = clock.monotonic()
  }

  /** By the monotonic clock. */
  get latestMs(): number {
    return this.#latestMs
  }

  now(): number {
    return this.#clock.now()
  }

  monotonic(): number {
    this.#latestMs = this.#clock.monotonic()
    return this.#latestMs
  }

  setTimer(callback: () => void, ms: number): Timer {
    return this.#clock.setTimer(callback, ms)
  }
}
