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
  handle: NodeJS.Timeout | undefined
}

/** The system's time, or one that stands still. A test may put either forward. */
export class SystemClock implements Clock {
  readonly #standsAt: number | undefined
  readonly #timers = new Set<Timer>()
  #aheadMs = 0
  #advancing: Promise<void> = Promise.resolve()

  /** @param standsAt - the time that it is until the clock is put forward; without it, time passes. */
  constructor(standsAt?: number) {
    this.#standsAt = standsAt
  }

  now(): number {
    return (this.#standsAt ?? Date.now()) + this.#aheadMs
  }

  /** How many wait for their time. A broker with nothing to do has none. */
  get timerCount(): number {
    return this.#timers.size
  }

  schedule(delayMs: number, action: () => void): () => void {
    const timer: Timer = { at: this.now() + Math.max(0, delayMs), action, handle: undefined }
    this.#arm(timer)
    return () => this.#disarm(timer)
  }

  /**
   * Puts time forward from one timer to the next, so that each runs at its own time, those too that others set on the way;
   * what it sets in motion goes as far as it can before the next one. Calls that overlap are done one after the other.
   */
  advance(milliseconds: number): Promise<void> {
    const advanced = this.#advancing.then(() => this.#advance(milliseconds))
    this.#advancing = advanced.catch(() => {})
    return advanced
  }

  async #advance(milliseconds: number): Promise<void> {
    const target = this.now() + milliseconds
    for (let next = this.#nextUntil(target); next; next = this.#nextUntil(target)) {
      this.#disarm(next)
      this.#aheadMs += Math.max(0, next.at - this.now())
      next.action()
      await settled()
    }
    this.#aheadMs += Math.max(0, target - this.now())
    for (const timer of this.#timers) {
      clearTimeout(timer.handle)
      this.#arm(timer)
    }
  }

  #nextUntil(target: number): Timer | undefined {
    let next: Timer | undefined
    // Those of the same time in the order in which they were set.
    for (const timer of this.#timers) if (timer.at <= target && (!next || timer.at < next.at)) next = timer
    return next
  }

  #arm(timer: Timer): void {
    this.#timers.add(timer)
    if (this.#standsAt !== undefined) return
    const delayMs = Math.min(Math.max(0, timer.at - this.now()), longestDelayMs)
    timer.handle = setTimeout(() => {
      this.#timers.delete(timer)
      timer.action()
    }, delayMs)
    // The listeners keep the process alive; what may fall due some time is no reason to.
    timer.handle.unref()
  }

  #disarm(timer: Timer): void {
    clearTimeout(timer.handle)
    this.#timers.delete(timer)
  }
}

/**
 * Resolves when every promise that is ready has run, and before the network is heard again. Otherwise clients that are
 * answered send the next long poll, which falls due within the same time, and so on: a day would be a million answers.
 */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve))
}
