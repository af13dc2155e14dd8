import type { Clock } from './clock.ts'

export interface RoundsOptions {
  readonly clock: Clock
  /** From the first sign that there is something to do, or from the last round, to the next one. */
  readonly pauseMs: number
  /** Resolves with the time at which it is due again by itself; Infinity for never. */
  readonly round: () => Promise<number>
}

/** Work that is done a while after there was a reason for it. In between no timer runs. */
export class Rounds {
  readonly #options: RoundsOptions
  #cancel: () => void = () => {}
  #dueAt = Number.POSITIVE_INFINITY
  /** Whether the next round comes within the pause. */
  #isAwake = false
  #running: Promise<void> | undefined
  #isStopped = false

  constructor(options: RoundsOptions) {
    this.#options = options
  }

  get isStopped(): boolean {
    return this.#isStopped
  }

  wake(): void {
    if (this.#isAwake) return
    this.#isAwake = true
    this.#plan(this.#options.clock.now() + this.#options.pauseMs)
  }

  /** Resolves when a round that has begun is over. */
  async idle(): Promise<void> {
    await this.#running
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancel()
    await this.#running
  }

  #plan(at: number): void {
    if (this.#isStopped || at >= this.#dueAt) return
    const { clock } = this.#options
    this.#cancel()
    this.#dueAt = at
    this.#cancel = clock.schedule(at - clock.now(), () => {
      this.#dueAt = Number.POSITIVE_INFINITY
      this.#isAwake = false
      this.#running = this.#run()
    })
  }

  async #run(): Promise<void> {
    const nextAt = await this.#options.round()
    this.#running = undefined
    if (nextAt < Number.POSITIVE_INFINITY)
      this.#plan(Math.max(nextAt, this.#options.clock.now() + this.#options.pauseMs))
  }
}
