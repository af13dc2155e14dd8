/** Time as the broker sees it, so that sessions and rebalances can be tested without waiting. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Calls `action` once after `delayMs`; the returned function cancels it. */
  schedule(delayMs: number, action: () => void): () => void
}

const longestDelayMs = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  schedule(delayMs, action) {
    const timer = setTimeout(action, Math.min(delayMs, longestDelayMs))
    return () => clearTimeout(timer)
  },
}
