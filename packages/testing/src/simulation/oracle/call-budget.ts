import type { Clock, RateLimitOptions } from '@tributary/event-bus'

/** What rounding may take away. */
const EPSILON = 1e-6

/** Whether calls keep to a rate: a bucket of tokens, filled by time. */
export class CallBudget {
  readonly #clock: Clock
  readonly #rate: Required<RateLimitOptions>
  #tokens: number
  #atMs: number

  constructor(rate: Required<RateLimitOptions>, clock: Clock) {
    this.#clock = clock
    this.#rate = rate
    this.#tokens = rate.burst
    this.#atMs = clock.monotonic()
  }

  /** Answers whether the call was allowed. */
  take(): boolean {
    const { perSecond, burst } = this.#rate
    const nowMs = this.#clock.monotonic()
    this.#tokens = Math.min(burst, this.#tokens + ((nowMs - this.#atMs) * perSecond) / 1_000) - 1
    this.#atMs = nowMs
    return this.#tokens > -EPSILON
  }
}
