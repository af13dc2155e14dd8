/** Far away; what counts is that Node has a timer to wait for. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1

/**
 * Keeps the process alive while somebody waits for the answer to a publish. The clock's timers do not: with a cluster out of reach and nothing else
 * to do, Node would end before the deadline, and the event would be lost with an exit code for its only trace.
 */
export class ProcessHold {
  #timer: NodeJS.Timeout | null = null

  /** Idempotent. */
  hold(): void {
    this.#timer ??= setInterval(() => {}, LONGEST_TIMEOUT_MS)
  }

  /** Idempotent. */
  release(): void {
    if (this.#timer === null) return
    clearInterval(this.#timer)
    this.#timer = null
  }
}
