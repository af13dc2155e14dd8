import { pause } from '../wire/backoff.ts'
import { code, isRetriable } from '../wire/failures.ts'

export interface HeartOptions {
  readonly intervalMs: number
  /** Sends one heartbeat; resolves with the error code. Rejects with what the membership cannot go on with, or with what may pass. */
  send(): Promise<number>
  onBeat(): void
  /** The heartbeat could not be delivered; it is tried again. */
  onMissed(error: unknown): void
}

/** A heartbeat that could not be delivered is repeated after this many milliseconds. */
const MISSED_BEAT_RETRY_MS = 250

/**
 * Keeps one generation's membership alive, whatever handlers and rebalances do meanwhile: it beats on while partitions are drained, until it is
 * stopped for the next join.
 */
export class Heart {
  /** Resolves when the group wants everybody to join again, or {@link askToRejoin} was called. */
  readonly rebalance: Promise<void>
  /** Rejects when the membership is lost; never resolves. */
  readonly lost: Promise<never>
  readonly #options: HeartOptions
  readonly #stopping = new AbortController()
  #onRebalance: () => void = () => {}
  #onLost: (error: unknown) => void = () => {}

  constructor(options: HeartOptions) {
    this.#options = options
    this.rebalance = new Promise((resolve) => {
      this.#onRebalance = resolve
    })
    this.lost = new Promise((_, reject) => {
      this.#onLost = reject
    })
    this.lost.catch(() => {}) // waited for only while somebody cares
    void this.#run()
  }

  askToRejoin(): void {
    this.#onRebalance()
  }

  lose(error: unknown): void {
    this.#onLost(error)
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    const { intervalMs } = this.#options
    const { signal } = this.#stopping
    let wasMissed = false
    for (;;) {
      await pause(wasMissed ? Math.min(intervalMs, MISSED_BEAT_RETRY_MS) : intervalMs, signal)
      if (signal.aborted) return
      try {
        const errorCode = await this.#options.send()
        if (signal.aborted) return
        wasMissed = false
        this.#options.onBeat()
        if (errorCode === code.rebalanceInProgress) this.#onRebalance()
      } catch (error) {
        if (signal.aborted) return
        if (!isRetriable(error)) {
          this.#onLost(error)
          return
        }
        wasMissed = true
        this.#options.onMissed(error)
      }
    }
  }
}
