import type { Clock } from '@tributary/event-bus'

/**
 * Lets through at most so many a second, evenly: each turn comes a step after the one before it, and time that was lost is not made up for.
 * `null` lets everything through at once.
 */
export class Pace {
  readonly #clock: Clock
  readonly #stepMs: number
  #nextAt: number

  constructor(ratePerSecond: number | null, clock: Clock) {
    this.#clock = clock
    this.#stepMs = ratePerSecond === null ? 0 : 1_000 / ratePerSecond
    this.#nextAt = clock.monotonic()
  }

  /** Resolves when it is the caller's turn, or at once when `signal` aborts. */
  async turn(signal: AbortSignal): Promise<void> {
    const waitMs = this.#nextAt - this.#clock.monotonic()
    if (waitMs > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          timer.cancel()
          signal.removeEventListener('abort', done)
          resolve()
        }
        const timer = this.#clock.setTimer(done, waitMs)
        signal.addEventListener('abort', done)
      })
    }
    this.#nextAt = Math.max(this.#nextAt, this.#clock.monotonic()) + this.#stepMs
  }
}
