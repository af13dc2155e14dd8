import type { Clock, Timer } from '@tributary/event-bus'

/** The clock of one process: its wall clock may be wrong, and when the process is killed none of its timers fires any more. */
export class ProcessClock implements Clock {
  readonly #world: Clock
  readonly #waiting = new Set<Timer>()
  #skewMs: number
  #isStopped = false

  constructor(world: Clock, skewMs: number) {
    this.#world = world
    this.#skewMs = skewMs
  }

  get waitingTimers(): number {
    return this.#waiting.size
  }

  now(): number {
    return this.#world.now() + this.#skewMs
  }

  monotonic(): number {
    return this.#world.monotonic()
  }

  setTimer(callback: () => void, ms: number): Timer {
    if (this.#isStopped) return { cancel: () => {} }
    const timer = this.#world.setTimer(() => {
      this.#waiting.delete(handle)
      callback()
    }, ms)
    const handle: Timer = {
      cancel: () => {
        this.#waiting.delete(handle)
        timer.cancel()
      },
    }
    this.#waiting.add(handle)
    return handle
  }

  jumpWallClock(ms: number): void {
    this.#skewMs += ms
  }

  stop(): void {
    this.#isStopped = true
    for (const timer of this.#waiting) timer.cancel()
  }
}
