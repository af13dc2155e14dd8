/** Time as the broker sees it, so that sessions, rebalances and retention can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `action` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, action: () => void): () => void
}

const longestDelayMs = 2 ** 31 - 1

interface Timer {
  readonly at: number
  readonly action: () => void
  handle: NodeJS.Timeout
}

/** The system's time, which a test may put forward. */
export class SystemClock implements Clock {
  readonly #timers = new Set<Timer>()
  #aheadMs = 0

  now(): number {
    return Date.now() + this.#aheadMs
  }

  schedule(delayMs: number, action: () => void): () => void {
    const timer: Timer = { at: this.now() + delayMs, action, handle: undefined as unknown as NodeJS.Timeout }
    this.#arm(timer)
    return () => this.#disarm(timer)
  }

  /** Time jumps. What falls due meanwhile happens at once, in its order; everything else as much earlier. */
  advance(milliseconds: number): void {
    this.#aheadMs += milliseconds
    const timers = [...this.#timers].toSorted((one, other) => one.at - other.at)
    for (const timer of timers) {
      // An earlier one may have cancelled it.
      if (!this.#timers.has(timer)) continue
      this.#disarm(timer)
      if (timer.at <= this.now()) timer.action()
      else this.#arm(timer)
    }
  }

  #arm(timer: Timer): void {
    const delayMs = Math.min(Math.max(0, timer.at - this.now()), longestDelayMs)
    timer.handle = setTimeout(() => {
      this.#timers.delete(timer)
      timer.action()
    }, delayMs)
    // The listeners keep the process alive; what may fall due some time is no reason to.
    timer.handle.unref()
    this.#timers.add(timer)
  }

  #disarm(timer: Timer): void {
    clearTimeout(timer.handle)
    this.#timers.delete(timer)
  }
}
