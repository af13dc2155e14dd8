import type { Clock } from '../../clock.ts'

/** How many handlers may be called in a time. */
export interface RateLimitOptions {
  /** Calls in a second, over all partitions of this process; may be a fraction: 0.5 is one in two seconds. */
  readonly perSecond: number
  /**
   * Calls that may follow each other at once after a quiet time, a whole number.
   *
   * @defaultValue a tenth of `perSecond`, at least 1
   */
  readonly burst?: number
}

/** The same with nothing left open. */
export type RateLimit = Required<RateLimitOptions>

export function resolveRateLimit({ perSecond, burst }: RateLimitOptions): RateLimit {
  return { perSecond, burst: burst ?? Math.max(1, Math.ceil(perSecond / 10)) }
}

/** Less than rounding is worth: a clock may not be able to tell such a time from none, and a timer for it would fire for ever. */
const SMALLEST_WAIT_MS = 0.001

/**
 * A token bucket: in any stretch of time `t`, at most `burst + perSecond × t` tokens are taken. It keeps one number instead of a level that is refilled: the
 * time at which the bucket will be full again. Nothing is lost to rounding, and nothing runs while nobody asks.
 */
export class TokenBucket {
  readonly #clock: Clock
  readonly #msEach: number
  readonly #capacityMs: number
  #fullAtMs = Number.NEGATIVE_INFINITY

  constructor({ perSecond, burst }: RateLimit, clock: Clock) {
    this.#clock = clock
    this.#msEach = 1_000 / perSecond
    this.#capacityMs = burst * this.#msEach
  }

  /** Milliseconds until a token is there; 0 when one is. */
  get waitMs(): number {
    const waitMs = this.#fullAtMs + this.#msEach - this.#capacityMs - this.#clock.monotonic()
    return waitMs < SMALLEST_WAIT_MS ? 0 : waitMs
  }

  /** Takes a token; `waitMs` must have allowed it. */
  take(): void {
    this.#fullAtMs = Math.max(this.#fullAtMs, this.#clock.monotonic()) + this.#msEach
  }

  /** Puts a token back that was taken in the same instant and not needed. */
  giveBack(): void {
    this.#fullAtMs -= this.#msEach
  }
}
