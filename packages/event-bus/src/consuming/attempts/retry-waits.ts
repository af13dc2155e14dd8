import type { Clock, Timer } from '../../clock.ts'
import type { Delivery } from '../delivery.ts'

/** Records of one partition whose next attempt, or write, is some time away. */
export class RetryWaits {
  readonly #clock: Clock
  readonly #timers = new Map<Delivery, Timer>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get deliveries(): Iterable<Delivery> {
    return this.#timers.keys()
  }

  /** Calls `onOver` after `ms`. */
  add(delivery: Delivery, ms: number, onOver: () => void): void {
    const timer = this.#clock.setTimer(() => {
      this.#timers.delete(delivery)
      onOver()
    }, ms)
    this.#timers.set(delivery, timer)
  }

  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel()
    this.#timers.clear()
  }
}
