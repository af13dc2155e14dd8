/**
 * Time as the bus sees it. Everything that waits or measures takes a clock, so that tests and the simulation own time.
 * Real time is `systemClock`; a virtual clock lives in `@tributary/testing`.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. May jump: never subtract two readings to measure a wait. */
  now(): number
  /** Milliseconds from an arbitrary origin that never go back: what durations and deadlines are measured with. */
  monotonic(): number
  /** Calls `callback` once after `ms` milliseconds. A waiting timer does not keep the process alive. */
  setTimer(callback: () => void, ms: number): Timer
}

/** A waiting timer; `cancel` is idempotent and safe after it has fired. */
export interface Timer {
  cancel(): void
}

/** setTimeout fires at once beyond this; longer waits are chained. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  setTimer(callback, ms) {
    let handle: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMEOUT_MS)
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : callback()), stepMs)
      handle.unref()
    }
    arm(Math.max(0, ms))
    return { cancel: () => clearTimeout(handle) }
  },
}
