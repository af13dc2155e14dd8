import type { Clock, Timer } from '../../clock.ts'
import type { Chunk, DriverConsumer } from '../../driver.ts'
import { backoffDelayMs, exponential } from '../../failing/backoff.ts'
import type { Logger } from '../../logger.ts'
import { errorText } from '../health/error-text.ts'
import type { Blockage, PartitionRun } from '../partition.ts'

export interface ReadingEnvironment {
  readonly readRange: DriverConsumer['readRange']
  readonly clock: Clock
  readonly logger: Logger
  /** A number from 0 to 1 for jitter. */
  readonly random: () => number
  /** Something may run that could not before. */
  readonly onRestored: (run: PartitionRun) => void
}

/** What is read again, and where it goes. */
export interface WantedFollowers {
  /** The lanes that hold nothing in memory, with the offset of their next follower. */
  wanted(): Iterable<{ readonly recordOffset: bigint }>
  restore(chunk: Chunk): void
}

const RETRY_BACKOFF = exponential({ initialMs: 200, maxMs: 30_000 })

/**
 * Reads parked followers of one partition again from the log when their turn has come, beside the normal flow. One chunk at a time, from what some lane wants
 * upwards, and from below again when nothing further up is wanted: so every lane has its turn, and lanes that want what lies together share a read.
 */
export class FollowerReader {
  /** Why followers cannot be read at present. */
  blockage: Blockage | null = null
  readonly #run: PartitionRun
  readonly #parking: WantedFollowers
  readonly #environment: ReadingEnvironment
  readonly #stopped = new AbortController()
  #isReading = false
  /** Where the last chunk ended. */
  #cursor = 0n
  #failures = 0
  #retry: Timer | null = null

  constructor(run: PartitionRun, parking: WantedFollowers, environment: ReadingEnvironment) {
    this.#run = run
    this.#parking = parking
    this.#environment = environment
  }

  /** Some lane wants its next follower. */
  wake(): void {
    if (this.#isReading || this.#retry !== null || this.#stopped.signal.aborted) return
    this.#isReading = true
    void this.#readAll()
  }

  /** The epoch is over, or about to be. */
  stop(): void {
    this.#stopped.abort()
    this.#retry?.cancel()
  }

  async #readAll(): Promise<void> {
    // What is settled in this turn of the event loop is wanted together.
    await Promise.resolve()
    for (let from = this.#nextWanted(); from !== null && this.#retry === null; from = this.#nextWanted()) {
      await this.#readFrom(from)
    }
    this.#isReading = false
  }

  /** Never rejects. */
  async #readFrom(from: bigint): Promise<void> {
    const { readRange, onRestored } = this.#environment
    const run = this.#run
    try {
      for await (const chunk of readRange(run, from, run.tracker.position, this.#stopped.signal)) {
        if (this.#stopped.signal.aborted) return
        this.#failures = 0
        this.blockage = null
        this.#cursor = chunk.nextPosition
        this.#parking.restore(chunk)
        onRestored(run)
        return
      }
      // An answer without anything in it: the log ends before what was read from it once.
      this.#failed(from, new Error(`the log ends before offset ${from}`))
    } catch (error) {
      this.#failed(from, error instanceof Error ? error : new Error(String(error)))
    }
  }

  /** The keys wait: nothing else could be done with records that may be on the log. */
  #failed(from: bigint, error: Error): void {
    if (this.#stopped.signal.aborted) return
    const { clock, logger, random } = this.#environment
    const { topic, partition } = this.#run
    this.#failures += 1
    this.blockage = {
      reason: `followers of waiting keys cannot be read again: ${errorText(error)}`,
      sinceMs: this.blockage?.sinceMs ?? clock.monotonic(),
    }
    logger.warn({ topic, partition, recordOffset: from, err: error }, 'followers of waiting keys cannot be read again')
    this.#retry = clock.setTimer(
      () => {
        this.#retry = null
        this.wake()
      },
      backoffDelayMs(RETRY_BACKOFF, this.#failures, random()),
    )
  }

  /** The lowest offset that is wanted beyond the last read, or at all. */
  #nextWanted(): bigint | null {
    if (this.#stopped.signal.aborted) return null
    let lowest: bigint | null = null
    let ahead: bigint | null = null
    for (const { recordOffset: offset } of this.#parking.wanted()) {
      if (lowest === null || offset < lowest) lowest = offset
      if (offset >= this.#cursor && (ahead === null || offset < ahead)) ahead = offset
    }
    return ahead ?? lowest
  }
}
