import type { Clock, Timer } from '../clock.ts'
import type { Driver } from '../driver.ts'
import type { Logger } from '../logger.ts'
import type { GroupTopics } from './group-topics.ts'

export interface LeftoverWatchOptions {
  readonly driver: Driver
  readonly clientId: string
  readonly topics: GroupTopics
  readonly clock: Clock
  readonly logger: Logger
  /** Retry topics of the group that are there and that nobody has asked for. */
  readonly onFound: (topics: readonly string[]) => void
}

/** A version that ran for a while and was rolled back may leave records in a topic that was not there when this process started. */
const LOOK_AGAIN_MS = 300_000

/** Wait after a look that failed, in milliseconds. */
const TRY_AGAIN_MS = 5_000

/**
 * Looks for retry topics that another configuration has left: a list of delays was changed or removed, and what waits in the old topics must not be forgotten. Beside
 * the membership, so that a cluster that does not answer keeps nobody from joining.
 */
export class LeftoverWatch {
  readonly #options: LeftoverWatchOptions
  #timer: Timer | null = null
  #isClosed = false

  constructor(options: LeftoverWatchOptions) {
    this.#options = options
    void this.#look()
  }

  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { clock, logger, topics, onFound } = this.#options
    let waitMs = LOOK_AGAIN_MS
    try {
      const names = await this.#names()
      const found = this.#isClosed ? [] : topics.addLeftovers(names)
      if (found.length > 0) {
        logger.warn({ topics: found }, 'retry topics of another configuration are left: they are read as well')
        onFound(found)
      }
    } catch (err) {
      waitMs = TRY_AGAIN_MS
      logger.warn({ err }, 'cannot look for retry topics that were left, trying again')
    }
    if (!this.#isClosed) this.#timer = clock.setTimer(() => void this.#look(), waitMs)
  }

  async #names(): Promise<readonly string[]> {
    const { driver, clientId } = this.#options
    const admin = driver.createAdmin({ clientId })
    try {
      return await admin.listTopics()
    } finally {
      await admin.close()
    }
  }
}
