import type { Clock, Timer } from '../../src/clock.ts'

interface Waiting {
  readonly dueAt: number
  readonly callback: () => void
}

/** Time that moves when a test says so. `settle` lets promises run without it. */
export class ManualClock implements Clock {
  #elapsedMs = 0
  #wallOffsetMs = Date.UTC(2026, 0, 1)
  readonly #waiting = new Set<Waiting>()

  now(): number {
    return this.#wallOffsetMs + this.#elapsedMs
  }

  monotonic(): number {
    return this.#elapsedMs
  }

  setTimer(callback: () => void, ms: number): Timer {
    const waiting: Waiting = { dueAt: this.#elapsedMs + Math.max(0, ms), callback }
    this.#waiting.add(waiting)
    return { cancel: () => void this.#waiting.delete(waiting) }
  }

  /** Sets the wall clock, forwards or back. No timer is early or late for it. */
  jumpWallClock(ms: number): void {
    this.#wallOffsetMs += ms
  }

  get waitingTimers(): number {
    return this.#waiting.size
  }

  /** For handlers that take time. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.setTimer(resolve, ms))
  }

  /** The microtask queue is empty before the event loop reaches the check phase. */
  settle(): Promise<void> {
    return new Promise((resolve) => setImmediate(resolve))
  }

  async advance(ms: number): Promise<void> {
    const untilMs = this.#elapsedMs + ms
    await this.settle()
    for (;;) {
      const next = this.#next()
      if (next === null || next.dueAt > untilMs) break
      this.#waiting.delete(next)
      this.#elapsedMs = next.dueAt
      next.callback()
      await this.settle()
    }
    this.#elapsedMs = untilMs
  }

  #next(): Waiting | null {
    let next: Waiting | null = null
    for (const waiting of this.#waiting) if (next === null || waiting.dueAt < next.dueAt) next = waiting
    return next
  }
}
