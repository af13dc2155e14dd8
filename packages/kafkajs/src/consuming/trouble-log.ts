import type { Logger } from '@tributary/event-bus'

const INTERVAL_MS = 60_000

/** Says what keeps the membership from being stable: the first time, and then no more than once a minute, however often it is tried again. */
export class TroubleLog {
  readonly #logger: Logger
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(logger: Logger) {
    this.#logger = logger
  }

  note(error: Error): void {
    const now = performance.now()
    if (now - this.#saidAt < INTERVAL_MS) return
    this.#saidAt = now
    this.#logger.warn({ err: error }, 'the group cannot be kept or joined; it is tried again until it can')
  }
}
