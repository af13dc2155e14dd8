export interface ContactWatchOptions {
  /** After how many milliseconds without contact the coordinator may give our partitions to others. */
  readonly limitMs: number
  onSilence(silentMs: number): void
}

/** Looks again after this many milliseconds when the silence has been reported already. */
const REPEAT_MS = 1_000

/**
 * Notices that the coordinator has not heard of us for so long that our partitions may be somebody else's. A timer of its own, because an attempt
 * to reach a broker that has gone silent may take longer than that. Contact counts from when the accepted heartbeat was sent, so no later than the
 * coordinator counts: we stop before another member starts.
 */
export class ContactWatch {
  readonly #options: ContactWatchOptions
  #contactAt = performance.now()
  #timer: NodeJS.Timeout | undefined

  constructor(options: ContactWatchOptions) {
    this.#options = options
    this.#timer = setTimeout(() => this.#look(), REPEAT_MS)
  }

  /** Asked for the time itself: after the process was frozen, what waited in its sockets comes before its timers. */
  get isInContact(): boolean {
    return this.#silentMs < this.#options.limitMs
  }

  /** The coordinator counts from `at` (`performance.now()`), or later. */
  contact(at: number): void {
    // An answer may be overtaken by one that was asked for later.
    this.#contactAt = Math.max(this.#contactAt, at)
    this.#look()
  }

  stop(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #look(): void {
    if (this.#timer === undefined) return
    clearTimeout(this.#timer)
    const silentMs = this.#silentMs
    const leftMs = this.#options.limitMs - silentMs
    this.#timer = setTimeout(() => this.#look(), leftMs > 0 ? Math.ceil(leftMs) : REPEAT_MS)
    if (leftMs <= 0) this.#options.onSilence(silentMs)
  }

  get #silentMs(): number {
    return performance.now() - this.#contactAt
  }
}
