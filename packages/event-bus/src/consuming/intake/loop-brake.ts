import type { Clock, Timer } from '../../clock.ts'
import type { ByteBudget } from './flow-control.ts'

/** How often the event loop is looked at, in milliseconds: often enough to act within a second, and too seldom to cost anything. */
const INTERVAL_MS = 250

/**
 * The loop is late when timers wait this long for it, in milliseconds. Handlers have it for 10 ms in one go, and a fetched chunk for a few more: what is
 * far above that is work that the process cannot keep up with.
 */
const LATE_MS = 100

/** And in time again, for the brake to be let go. */
const IN_TIME_MS = 50

/** One late look may be a collection of garbage, or a slow start. */
const LATE_LOOKS = 3

/** What is left of the budget meanwhile. */
const BRAKED_PART = 1 / 16

/**
 * Takes less into memory while the event loop is late: what is fetched then only waits, and is decoded in time that heartbeats and answers need. A partition
 * that holds nothing still gets its next chunk, so handlers that are honestly busy lose nothing (I7).
 */
export class LoopBrake {
  readonly #budget: ByteBudget
  readonly #clock: Clock
  #timer: Timer | null = null
  #lateLooks = 0

  constructor(budget: ByteBudget, clock: Clock) {
    this.#budget = budget
    this.#clock = clock
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer === null) this.#lookAgain()
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #lookAgain(): void {
    const dueAtMs = this.#clock.monotonic() + INTERVAL_MS
    this.#timer = this.#clock.setTimer(() => {
      this.#learn(this.#clock.monotonic() - dueAtMs)
      this.#lookAgain()
    }, INTERVAL_MS)
  }

  #learn(lateMs: number): void {
    if (lateMs >= LATE_MS) this.#lateLooks += 1
    else if (lateMs < IN_TIME_MS) this.#lateLooks = 0
    if (this.#lateLooks === 0) this.#budget.setPart(1)
    else if (this.#lateLooks >= LATE_LOOKS) this.#budget.setPart(BRAKED_PART)
  }
}
