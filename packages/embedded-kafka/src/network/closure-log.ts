import type { Clock } from '../cluster/clock.ts'

const linesInARow = 20
const windowMs = 10_000

/**
 * Tells why connections were closed: the first twenty of ten seconds one by one, the rest as a number when those are over.
 * Otherwise whoever can connect could fill the log.
 */
export class ClosureLog {
  readonly #warn: (message: string) => void
  readonly #clock: Clock
  #told = 0
  #untold = 0
  #cancelTimer: (() => void) | undefined

  constructor(warn: (message: string) => void, clock: Clock) {
    this.#warn = warn
    this.#clock = clock
  }

  tell(line: string): void {
    this.#cancelTimer ??= this.#clock.schedule(windowMs, () => this.flush())
    if (this.#told === linesInARow) {
      this.#untold += 1
      return
    }
    this.#told += 1
    this.#warn(line)
  }

  /** Says how many were left out, and begins anew. */
  flush(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    if (this.#untold > 0) this.#warn(`${this.#untold} more connections were closed within ${windowMs / 1_000} seconds`)
    this.#told = 0
    this.#untold = 0
  }
}
