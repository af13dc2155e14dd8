import type { Clock } from '../../src/cluster/clock.ts'
import { settle } from './settle.ts'

/** Time that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now = 1_700_000_000_000
  #timers: { at: number; action: () => void }[] = []

  now(): number {
    return this.#now
  }

  schedule(delayMs: number, action: () => void): () => void {
    const timer = { at: this.#now + delayMs, action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((each) => each !== timer)
    }
  }

  get timerCount(): number {
    return this.#timers.length
  }

  /** Moves on, calling what falls due in its order; lets waiting promises run in between. */
  async advance(milliseconds: number): Promise<void> {
    const target = this.#now + milliseconds
    for (;;) {
      const next = this.#timers.toSorted((one, other) => one.at - other.at)[0]
      if (!next || next.at > target) break
      this.#timers = this.#timers.filter((each) => each !== next)
      this.#now = next.at
      next.action()
      await settle()
    }
    this.#now = target
    await settle()
  }
}
