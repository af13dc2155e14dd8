import type { Timer } from '../clock.ts'
import { type PublishError, TopicNotFoundError, WriteRefusedError } from '../errors.ts'
import { untraced } from '../tracing/suppression.ts'
import { Lane, type LaneHost } from './lane.ts'
import { partitionOfKey } from './partitioner.ts'
import type { PendingRecord } from './pending-record.ts'
import { RecordQueue } from './record-queue.ts'

/** Keyless records stay with a partition for this many bytes at most, so that they travel in few batches and yet spread. */
const keylessRunBytes = 64 * 1024
const firstRetryMs = 100
const longestRetryMs = 2_000

export interface RouteOptions {
  readonly maxBatchBytes: number
  /** How often the number of partitions is asked for again, in milliseconds. */
  readonly partitionRefreshMs: number
}

/** One topic: how many partitions it has, and a lane for each that is in use. Records wait here until the number is known. */
export class TopicRoute {
  readonly topic: string
  readonly #host: LaneHost
  readonly #options: RouteOptions
  readonly #unrouted: RecordQueue
  readonly #lanes: Lane[] = []
  #partitions = 0
  /** What must succeed before the first record is sent: what it is for, and how it is done. */
  readonly #outstanding = new Map<object, () => Promise<void>>()
  readonly #fulfilled = new WeakSet<object>()
  #round = -1
  #askedAt = 0
  #isAsking = false
  #retryMs = firstRetryMs
  #retryTimer: Timer | null = null
  #keylessPartition = 0
  #keylessBytes = 0

  constructor(topic: string, host: LaneHost, options: RouteOptions) {
    this.topic = topic
    this.#host = host
    this.#options = options
    this.#unrouted = new RecordQueue((record) => host.release(record))
    host.metrics.opened(topic)
  }

  push(record: PendingRecord): void {
    if (this.#round !== this.#host.round) this.#enterRound()
    if (this.#partitions === 0 || this.#outstanding.size > 0) {
      this.#unrouted.push(record)
      if (this.#retryTimer === null) this.#ask()
    } else {
      this.#laneOf(record).push(record)
    }
  }

  /** Holds records that come from now on until `fulfil` has resolved once for this `purpose`. */
  require(purpose: object, fulfil: () => Promise<void>): void {
    if (!this.#fulfilled.has(purpose)) this.#outstanding.set(purpose, fulfil)
  }

  /** The number of partitions is not to be relied on. */
  forget(): void {
    this.#partitions = 0
  }

  /** Stops asking for the number of partitions. */
  stop(): void {
    this.#retryTimer?.cancel()
    this.#retryTimer = null
  }

  /** Once for each round of sending: keyless records move on, and the number of partitions is asked for when it is old. */
  #enterRound(): void {
    this.#round = this.#host.round
    this.#nextKeylessPartition()
    if (this.#partitions > 0 && this.#host.clock.monotonic() - this.#askedAt >= this.#options.partitionRefreshMs) {
      this.#ask()
    }
  }

  #laneOf(record: PendingRecord): Lane {
    const partition = record.key === null ? this.#keyless(record) : partitionOfKey(record.key, this.#partitions)
    let lane = this.#lanes[partition]
    if (lane === undefined) {
      lane = new Lane({ topic: this.topic, partition }, this.#options.maxBatchBytes, this.#host)
      this.#lanes[partition] = lane
    }
    return lane
  }

  #keyless(record: PendingRecord): number {
    if (this.#keylessBytes > keylessRunBytes || this.#keylessPartition >= this.#partitions) this.#nextKeylessPartition()
    this.#keylessBytes += record.bytes
    return this.#keylessPartition
  }

  #nextKeylessPartition(): void {
    if (this.#keylessBytes === 0) return
    this.#keylessBytes = 0
    this.#keylessPartition = this.#partitions === 0 ? 0 : (this.#keylessPartition + 1) % this.#partitions
  }

  #ask(): void {
    if (this.#isAsking) return
    this.#isAsking = true
    this.#askedAt = this.#host.clock.monotonic()
    this.#retryTimer = null
    const purposes = new Map(this.#outstanding)
    prepare(this.#host, this.topic, purposes.values()).then(
      (partitions) => {
        this.#isAsking = false
        this.#retryMs = firstRetryMs
        this.#partitions = partitions
        for (const purpose of purposes.keys()) {
          this.#outstanding.delete(purpose)
          this.#fulfilled.add(purpose)
        }
        // Something else was required meanwhile. What waits goes on waiting, all of it: records of a key may not pass each other.
        if (this.#outstanding.size > 0 && this.#unrouted.size > 0) return this.#ask()
        for (const record of this.#unrouted.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)) {
          this.#laneOf(record).push(record)
        }
      },
      (error: unknown) => {
        this.#isAsking = false
        this.#unprepared(error)
      },
    )
  }

  /** Nothing was sent: records wait for what may heal, until their deadlines, and fail at once for what cannot. */
  #unprepared(error: unknown): void {
    if (this.#unrouted.size === 0) return
    if (mayHeal(error)) {
      this.#retryTimer = this.#host.clock.setTimer(() => this.#ask(), this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, longestRetryMs)
      return
    }
    // Asked for again by the next publish that needs it.
    this.#outstanding.clear()
    const refusal = refusalOf(error, this.topic)
    for (const record of this.#unrouted.take(Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY)) {
      this.#host.release(record)
      record.call.fail(record, refusal)
    }
  }
}

/** The number of partitions, once everything that is required has succeeded. */
async function prepare(host: LaneHost, topic: string, requirements: Iterable<() => Promise<void>>): Promise<number> {
  const [partitions] = await untraced(() =>
    Promise.all([host.producer.partitionCount(topic), ...Array.from(requirements, (fulfil) => fulfil())]),
  )
  return partitions
}

/** A missing topic may appear as well, but by somebody's hand: its publisher should know at once. */
function mayHeal(error: unknown): boolean {
  if (!(error instanceof Error) || !('code' in error)) return false
  return error.code !== TopicNotFoundError.code && 'retryable' in error && error.retryable === true
}

function refusalOf(error: unknown, topic: string): PublishError {
  const options = { outcome: 'not-written' as const, cause: error }
  if (error instanceof Error && 'code' in error && error.code === TopicNotFoundError.code) {
    return new TopicNotFoundError(`nothing can be published to ${topic}: ${error.message}`, options)
  }
  const why = error instanceof Error ? error.message : String(error)
  return new WriteRefusedError(`nothing can be published to ${topic} at present: ${why}`, options)
}
