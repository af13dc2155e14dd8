import type { Clock } from '../cluster/clock.ts'

/** The one deadline that a group in a rebalance has: for members to join, or to sync. */
export class RebalanceTimer {
  readonly #clock: Clock
  #cancel: () => void = () => {}
  #isGathering = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether a new group still waits for more members, even when all who came are ready. */
  get isGathering(): boolean {
    return this.#isGathering
  }

  restart(delayMs: number, action: () => void): void {
    this.cancel()
    this.#cancel = this.#clock.schedule(delayMs, action)
  }

  /** Waits a little for members of a new group, again while they keep coming, `limitMs` in all. */
  gather(delayMs: number, limitMs: number, countMembers: () => number, action: () => void): void {
    this.cancel()
    this.#isGathering = true
    const wait = (stepMs: number, remainingMs: number): void => {
      const membersBefore = countMembers()
      this.#cancel = this.#clock.schedule(stepMs, () => {
        const nextMs = Math.min(delayMs, remainingMs)
        if (countMembers() > membersBefore && nextMs > 0) return wait(nextMs, remainingMs - nextMs)
        this.#isGathering = false
        action()
      })
    }
    wait(delayMs, Math.max(limitMs - delayMs, 0))
  }

  cancel(): void {
    this.#cancel()
    this.#isGathering = false
  }
}
