import type { Chunk, Logger } from '@tributary/event-bus'
import { Backoff } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, isRetriable, publicError } from '../wire/failures.ts'
import type { FetchedPartition } from '../wire/fetch.ts'
import { EARLIEST, LATEST, offsetsAt } from '../wire/list-offsets.ts'
import { CorruptBatchError, decodeRecords } from '../wire/record-decoder.ts'
import type { Owned, Ownership } from './ownership.ts'

export interface IntakeParts {
  readonly cluster: Cluster
  readonly ownership: Ownership
  readonly logger: Logger
  readonly closing: AbortSignal
  onChunk(chunk: Chunk): void
  startOver(owned: Owned): void
  onFailed(error: unknown): void
  onStaleLeader(): void
  onReady(): void
}

/** Bytes that cannot be read will hardly be readable a moment later: wait longer each time, up to this, in milliseconds. */
const UNREADABLE_MAX_WAIT_MS = 30_000

interface Trouble {
  readonly backoff: Backoff
  error: Error
  isOver: boolean
}

/**
 * Decides what becomes of one partition's part of an answer: a chunk, nothing because it is about the past, or a wait because the partition is in
 * trouble. Trouble of one partition never stops another, and is never solved by passing over records.
 */
export class Intake {
  readonly #parts: IntakeParts
  readonly #troubles = new Map<Owned, Trouble>()

  constructor(parts: IntakeParts) {
    this.#parts = parts
  }

  /** What keeps some partition from being read; null when all are well. */
  get lastError(): Error | null {
    const troubled = [...this.#troubles].find(([owned]) => this.#parts.ownership.isCurrent(owned))
    return troubled?.[1].error ?? null
  }

  wants(owned: Owned): boolean {
    if (owned.position === null || owned.isPaused || owned.isRevoking) return false
    return this.#troubles.get(owned)?.isOver ?? true
  }

  take(owned: Owned, fetchedFrom: bigint, fetched: FetchedPartition): void {
    // The past: another epoch, a position that was sought away or already passed, a partition that is being handed over or wants nothing now.
    if (!this.#parts.ownership.isCurrent(owned) || owned.position !== fetchedFrom || !this.wants(owned)) return
    if (fetched.errorCode === code.none) this.#takeRecords(owned, fetchedFrom, fetched)
    else if (fetched.errorCode === code.offsetOutOfRange) void this.#outOfRange(owned, fetchedFrom)
    else this.#refused(owned, fetched.errorCode)
  }

  #takeRecords(owned: Owned, fetchedFrom: bigint, fetched: FetchedPartition): void {
    if (fetched.recordSet.length === 0) {
      this.#troubles.delete(owned)
      return
    }
    try {
      const decoded = decodeRecords(fetched.recordSet, fetchedFrom, fetched.abortedTransactions)
      this.#troubles.delete(owned)
      if (decoded.nextPosition > fetchedFrom) this.#deliver(owned, fetchedFrom, fetched.lastStableOffset, decoded)
    } catch (error) {
      if (!(error instanceof CorruptBatchError)) throw error
      const { topic, partition } = owned
      this.#parts.logger.error(
        { err: error, topic, partition, offset: String(error.baseOffset) },
        'records cannot be read; the partition waits',
      )
      void this.#wait(owned, publicError(error), UNREADABLE_MAX_WAIT_MS)
    }
  }

  #deliver(
    owned: Owned,
    fetchedFrom: bigint,
    highWatermark: bigint,
    content: Pick<Chunk, 'records' | 'nextPosition' | 'bytes' | 'isExpired'>,
  ): void {
    owned.position = content.nextPosition
    const { topic, partition, epoch } = owned
    try {
      this.#parts.onChunk({ topic, partition, epoch, fetchedFrom, highWatermark, ...content })
    } catch (error) {
      this.#parts.onFailed(error) // the records are in nobody's hands now: going on would lose them
    }
  }

  #refused(owned: Owned, kafkaCode: number): void {
    const error = new BrokerError(kafkaCode, `fetching ${owned.topic}/${owned.partition}`)
    if (!isRetriable(error)) {
      this.#parts.onFailed(error)
      return
    }
    this.#parts.onStaleLeader()
    void this.#wait(owned, publicError(error), 1_000)
  }

  /** Never jumps to the end in silence: what retention removed is accounted for by a chunk that says so, anything else is chosen anew. */
  async #outOfRange(owned: Owned, position: bigint): Promise<void> {
    const { cluster, ownership, logger } = this.#parts
    const { topic, partition } = owned
    const wait = this.#wait(owned, new BrokerError(code.offsetOutOfRange, `fetching ${topic}/${partition}`), 1_000)
    try {
      const leader = cluster.leader(topic, partition)
      const [[start], [end]] = await Promise.all([
        offsetsAt(cluster, leader, [owned], EARLIEST),
        offsetsAt(cluster, leader, [owned], LATEST),
      ])
      if (start?.errorCode !== code.none || end?.errorCode !== code.none) return
      if (!ownership.isCurrent(owned) || owned.position !== position || owned.isRevoking) return
      if (position < start.offset) {
        const gone = { records: [], nextPosition: start.offset, bytes: 0, isExpired: true } as const
        this.#deliver(owned, position, end.offset, gone)
      } else if (position > end.offset) {
        logger.error(
          { topic, partition, position: String(position), logEnd: String(end.offset) },
          'the log ends before the position: it was truncated or made anew',
        )
        await wait
        this.#parts.startOver(owned)
      }
    } catch {
      // The wait ends by itself, and the fetch after it comes here again.
    }
  }

  /** Leaves the partition alone for a while; longer each time until it answers well again. */
  #wait(owned: Owned, error: Error, maxMs: number): Promise<void> {
    for (const known of this.#troubles.keys()) if (!this.#parts.ownership.isCurrent(known)) this.#troubles.delete(known)
    const trouble = this.#troubles.get(owned) ?? { backoff: new Backoff({ maxMs }), error, isOver: false }
    trouble.error = error
    trouble.isOver = false
    this.#troubles.set(owned, trouble)
    return new Promise((resolve) => {
      setTimeout(() => {
        trouble.isOver = true
        resolve()
        this.#parts.onReady()
      }, trouble.backoff.next()).unref()
    })
  }
}
