import type { Clock, Timer } from '../../clock.ts'
import type { CommitRequest, CommitResult, DriverConsumer, TopicPartition } from '../../driver.ts'
import type { Logger } from '../../logger.ts'
import type { CommitPace } from '../definition/subscription-definition.ts'
import { until } from '../until.ts'

/** What the committer needs to know of a partition. */
export interface Committable extends TopicPartition {
  readonly epoch: number
  readonly state: 'active' | 'draining' | 'fenced'
  readonly nextOffset: bigint
  /** Another number whenever there is something new to commit. */
  readonly revision: number
  /** What is settled beyond `nextOffset`, for the commit's metadata. */
  metadata(): string
  /** What the group has stored; null when nothing is. */
  committedOffset: bigint | null
  /** The revision that the group has stored; null when none is. */
  committedRevision: number | null
  /** The metadata was refused: from then on commits go without. */
  isMetadataRefused: boolean
  /** The driver said that the epoch is over. */
  isCommitFenced: boolean
}

export interface CommitterOptions {
  readonly commit: (requests: readonly CommitRequest[]) => ReturnType<DriverConsumer['commit']>
  /** The partitions of now: asked when a commit is sent, so that one that is gone is not in it. */
  readonly partitions: () => Iterable<Committable>
  readonly clock: Clock
  readonly pace: CommitPace
  readonly logger: Logger
  readonly onResult: (result: CommitResult) => void
}

/** Wait before a failed commit is sent again while a partition is being given up, in milliseconds. */
const RETRY_MS = 100

/**
 * Sends what is settled to the group. What a commit contains is computed when it is sent, never when it is asked for: a partition that was revoked
 * meanwhile cannot be in it, and `nextOffset` can only have grown.
 */
export class Committer {
  readonly #options: CommitterOptions
  #timer: Timer | null = null
  #settledSinceSend = 0
  /** Sends follow each other: two at a time could arrive in the other order and set a partition back. */
  #sending: Promise<void> = Promise.resolve()
  /** Sends asked for that have not ended. */
  #sends = 0
  #isClosed = false

  constructor(options: CommitterOptions) {
    this.#options = options
  }

  /** Something may be committed that was not before. Cheap: called for each settled record. */
  note(): void {
    this.#settledSinceSend += 1
    if (this.#settledSinceSend >= this.#options.pace.maxSettled && this.#sends === 0) void this.#send()
    else this.#sendLater()
  }

  /**
   * Commits what is settled now of partitions that are about to be given up. A commit that fails is sent again until it is stored, refused for good, or
   * `signal` aborts.
   */
  async flush(leaving: readonly Committable[], signal: AbortSignal): Promise<void> {
    const { clock } = this.#options
    for (;;) {
      await this.#send()
      if (signal.aborted || !leaving.some(isDue)) return
      await until(new Promise(() => {}), { clock, ms: RETRY_MS, signal })
    }
  }

  /** Sends nothing by itself any more. */
  close(): void {
    this.#isClosed = true
    this.#timer?.cancel()
    this.#timer = null
  }

  #sendLater(): void {
    if (this.#timer !== null || this.#isClosed) return
    const { pace, clock } = this.#options
    this.#timer = clock.setTimer(() => {
      this.#timer = null
      void this.#send()
    }, pace.intervalMs)
  }

  #send(): Promise<void> {
    // Counted from now on: it begins in a later microtask, and whatever a turn of synchronous handlers settles until then asks for no other.
    this.#sends += 1
    this.#sending = this.#sending.then(() => this.#sendDue())
    return this.#sending
  }

  async #sendDue(): Promise<void> {
    const due = this.#due()
    this.#settledSinceSend = 0
    if (due.length > 0) await this.#sendAll(due)
    this.#sends -= 1
  }

  async #sendAll(due: readonly Committable[]): Promise<void> {
    const sent = due.map(requestFor)
    const revisions = due.map(({ revision }) => revision)
    const results = await this.#options.commit(sent)
    for (const [index, partition] of due.entries()) {
      const request = sent[index]
      const result = results[index]
      if (request === undefined || result === undefined) continue
      this.#learn(partition, request, result)
      if (result.outcome === 'committed') partition.committedRevision = revisions[index] ?? null
    }
  }

  #learn(partition: Committable, request: CommitRequest, result: CommitResult): void {
    const { logger, onResult } = this.#options
    onResult(result)
    if (result.outcome === 'committed') {
      partition.committedOffset = request.nextOffset
    } else if (result.outcome === 'fenced') {
      partition.isCommitFenced = true
    } else {
      // It is still due: the next send computes it anew, and without metadata when that is what was refused.
      if (result.outcome === 'metadata-refused') partition.isMetadataRefused = true
      const { topic, partition: number, nextOffset } = request
      logger.warn({ topic, partition: number, nextOffset, outcome: result.outcome, err: result.error }, 'commit failed')
      // Not at once, however soon settlements are committed: who refuses between two generations refuses again until time has passed.
      this.#sendLater()
    }
  }

  #due(): Committable[] {
    return Array.from(this.#options.partitions()).filter(isDue)
  }
}

function isDue(partition: Committable): boolean {
  const { state, isCommitFenced, committedOffset, nextOffset, committedRevision, revision } = partition
  if (state === 'fenced' || isCommitFenced) return false
  if (committedOffset !== null && nextOffset < committedOffset) return false
  return committedRevision !== revision
}

function requestFor(partition: Committable): CommitRequest {
  const { topic, partition: number, epoch, nextOffset, isMetadataRefused } = partition
  return { topic, partition: number, epoch, nextOffset, metadata: isMetadataRefused ? '' : partition.metadata() }
}
