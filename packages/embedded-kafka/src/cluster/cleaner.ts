/** Removes from the logs what retention does not keep, and what compaction supersedes; and forgets producers that are idle. */
import type { PartitionLog } from '../log/partition-log.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import type { Clock } from './clock.ts'
import { Rounds } from './rounds.ts'
import type { Topic } from './topic.ts'
import { Turns } from './turns.ts'

/** Kafka's `log.retention.check.interval.ms`. */
const retentionPauseMs = 300_000
/** Kafka's `log.cleaner.backoff.ms`. */
const compactionPauseMs = 15_000
/** Kafka's `producer.id.expiration.check.interval.ms`. */
const producersPauseMs = 600_000

export interface CleanerOptions {
  readonly topics: () => Iterable<Topic>
  readonly clock: Clock
  readonly warn: (message: string) => void
}

export class Cleaner {
  readonly #options: CleanerOptions
  readonly #retention: Rounds
  readonly #compaction: Rounds
  readonly #producers: Rounds

  constructor(options: CleanerOptions) {
    this.#options = options
    const { clock } = options
    this.#retention = new Rounds({ clock, pauseMs: retentionPauseMs, round: () => this.#expire() })
    this.#compaction = new Rounds({ clock, pauseMs: compactionPauseMs, round: () => this.#compact() })
    this.#producers = new Rounds({ clock, pauseMs: producersPauseMs, round: () => this.#forgetProducers() })
  }

  /** Something was written, or set: there may be something to clean. */
  readonly wake = (): void => {
    this.#retention.wake()
    this.#compaction.wake()
    this.#producers.wake()
  }

  /** Resolves when what has begun is over. */
  async idle(): Promise<void> {
    await this.#retention.idle()
    await this.#compaction.idle()
    await this.#producers.idle()
  }

  async stop(): Promise<void> {
    await this.#retention.stop()
    await this.#compaction.stop()
    await this.#producers.stop()
  }

  async #expire(): Promise<number> {
    let nextAt = Number.POSITIVE_INFINITY
    await this.#each((log, nowMs) => {
      log.expire(nowMs)
      nextAt = Math.min(nextAt, log.expiresAt)
    })
    return nextAt
  }

  async #compact(): Promise<number> {
    const turns = new Turns()
    await this.#each((log, nowMs) => log.compact(nowMs, turns))
    return Number.POSITIVE_INFINITY
  }

  async #forgetProducers(): Promise<number> {
    let nextAt = Number.POSITIVE_INFINITY
    await this.#each((log, nowMs) => {
      nextAt = Math.min(nextAt, log.forgetIdleProducers(nowMs))
    })
    return nextAt
  }

  async #each(clean: (log: PartitionLog, nowMs: number) => void | Promise<void>): Promise<void> {
    const { topics, clock, warn } = this.#options
    for (const topic of [...topics()])
      for (const { log, index } of topic.partitions) {
        if (this.#retention.isStopped || topic.isDeleted) break
        try {
          await clean(log, clock.now())
        } catch (error) {
          if (!(error instanceof StorageFailed)) throw error
          warn(`${topic.name}-${index} could not be cleaned: ${error.message}`)
        }
      }
  }
}
