import type { GroupOptions } from '@tributary/event-bus'
import { Backoff, pause } from '../wire/backoff.ts'
import type { Cluster, Purpose } from '../wire/cluster.ts'
import { publicError, throwOnCode } from '../wire/failures.ts'
import { type FetchedPartition, fetchRecords } from '../wire/fetch.ts'
import type { Owned } from './ownership.ts'

export interface BrokerFetchParts {
  readonly cluster: Cluster
  readonly options: GroupOptions
  readonly closing: AbortSignal
  take(owned: Owned, fetchedFrom: bigint, fetched: FetchedPartition): void
  /** A request has ended: whoever wants more may be asked for again. */
  onIdle(): void
  onFailed(error: unknown): void
}

interface Asked {
  readonly owned: Owned
  readonly position: bigint
}

/** A second request waits no longer than this, in milliseconds, so that what joins in later does not wait long for it. */
const BESIDE_MAX_WAIT_MS = 100

/**
 * The fetches from one broker: one long poll over everything wanted, and beside it, on a connection of its own, a short one for what became wanted
 * while the long one waits. Without the second, a partition that is resumed would stand still until the first comes back with nothing.
 */
export class BrokerFetch {
  readonly #nodeId: number
  readonly #parts: BrokerFetchParts
  readonly #backoff = new Backoff()
  #long: readonly Asked[] | null = null
  #beside: readonly Asked[] | null = null
  #isResting = false
  #lastError: Error | null = null
  #turn = 0

  constructor(nodeId: number, parts: BrokerFetchParts) {
    this.#nodeId = nodeId
    this.#parts = parts
  }

  /** Why the last request failed; null when it did not. */
  get lastError(): Error | null {
    return this.#lastError
  }

  /** Everything of this broker that is wanted now. */
  offer(wanted: readonly Owned[]): void {
    if (this.#isResting) return
    const { maxWaitMs } = this.#parts.options
    if (this.#long === null) {
      // All of them, also those that are asked for beside: should both answer, the second answer no longer fits the position and is dropped.
      this.#long = this.#rotated(wanted)
      void this.#fetch('fetch', this.#long, maxWaitMs).then(() => {
        this.#long = null
        this.#parts.onIdle()
      })
    } else if (this.#beside === null) {
      const left = wanted.filter((owned) => !this.#isAskedFor(owned))
      if (left.length === 0) return
      this.#beside = this.#rotated(left)
      void this.#fetch('fetch-beside', this.#beside, Math.min(maxWaitMs, BESIDE_MAX_WAIT_MS)).then(() => {
        this.#beside = null
        this.#parts.onIdle()
      })
    }
  }

  /** Asked for where it stands now; a fetch from before a seek does not count. */
  #isAskedFor(owned: Owned): boolean {
    return this.#long?.some((asked) => asked.owned === owned && asked.position === owned.position) ?? false
  }

  /** Brokers fill an answer in the order of the request: each time another partition comes first, or the last would starve. */
  #rotated(wanted: readonly Owned[]): readonly Asked[] {
    this.#turn = (this.#turn + 1) % Math.max(1, wanted.length)
    return [...wanted.slice(this.#turn), ...wanted.slice(0, this.#turn)].flatMap((owned) =>
      owned.position === null ? [] : [{ owned, position: owned.position }],
    )
  }

  /** Never rejects. */
  async #fetch(purpose: Purpose, asked: readonly Asked[], maxWaitMs: number): Promise<void> {
    const { cluster, options, closing } = this.#parts
    try {
      const link = await cluster.link(this.#nodeId, purpose)
      const { maxBytes, maxBytesPerPartition } = options
      const partitions = asked.map(({ owned, position }) => ({
        topic: owned.topic,
        partition: owned.partition,
        position,
      }))
      const answer = await link.call(
        fetchRecords,
        { maxWaitMs, maxBytes, maxBytesPerPartition, partitions },
        maxWaitMs + cluster.settings.requestTimeoutMs,
      )
      throwOnCode(answer.errorCode, `fetching from broker ${this.#nodeId}`)
      if (closing.aborted) return
      this.#backoff.reset()
      this.#lastError = null
      const byPartition = new Map(asked.map((each) => [`${each.owned.partition} ${each.owned.topic}`, each]))
      for (const fetched of answer.partitions) {
        const each = byPartition.get(`${fetched.partition} ${fetched.topic}`)
        if (each !== undefined) this.#parts.take(each.owned, each.position, fetched)
      }
    } catch (error) {
      if (closing.aborted) return
      this.#isResting = true
      this.#lastError = publicError(error)
      this.#parts.onFailed(error)
      await pause(this.#backoff.next(), closing)
      this.#isResting = false
    }
  }
}
