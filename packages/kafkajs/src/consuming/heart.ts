import { pause } from '../wire/backoff.ts'
import { code, isRetriable } from '../wire/failures.ts'
import { MembershipLostError } from './group-errors.ts'

export interface HeartOptions {
  readonly intervalMs: number
  readonly sessionTimeoutMs: number
  /** Sends one heartbeat; resolves with the error code. Rejects with what the membership cannot go on with, or with what may pass. */
  send(): Promise<number>
  onBeat(): void
  /** The heartbeat could not be delivered; it is tried again. */
  onMissed(error: unknown): void
}

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

  lose(error: Error): void {
    this.#onLost(error)
  }

  stop(): void {
    this.#stopping.abort()
  }

  async #run(): Promise<void> {
    const { intervalMs, sessionTimeoutMs } = this.#options
    let acceptedAt = performance.now()
    while (!this.#stopping.signal.aborted) {
      const isLate = performance.now() - acceptedAt > intervalMs
      await pause(isLate ? Math.min(intervalMs, MISSED_BEAT_RETRY_MS) : intervalMs, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      const sentAt = performance.now()
      try {
        const errorCode = await this.#options.send()
        if (this.#stopping.signal.aborted) return
        acceptedAt = sentAt
        this.#options.onBeat()
        if (errorCode === code.rebalanceInProgress) this.#onRebalance()
      } catch (error) {
        if (this.#stopping.signal.aborted) return
        if (!isRetriable(error)) {
          this.#onLost(error)
          return
        }
        this.#options.onMissed(error)
        // Counted from when the last accepted beat was sent, so never later than the coordinator counts: we stop before another starts.
        if (performance.now() - acceptedAt > sessionTimeoutMs) {
          const message = `no heartbeat was accepted for ${sessionTimeoutMs} ms, so the partitions may belong to another member`
          this.#onLost(new MembershipLostError(message, { keepsMemberId: true, cause: error }))
          return
        }
      }
    }
  }
}

const MISSED_BEAT_RETRY_MS = 250
