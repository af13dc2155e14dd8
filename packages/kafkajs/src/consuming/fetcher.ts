import type { Chunk, GroupOptions, Logger } from '@tributary/event-bus'
import { pause } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { isRetriable, publicError } from '../wire/failures.ts'
import { BrokerFetch } from './broker-fetch.ts'
import { Intake } from './intake.ts'
import type { Owned, Ownership } from './ownership.ts'
import type { SubscribedTopics } from './subscribed-topics.ts'

export interface FetcherParts {
  readonly cluster: Cluster
  readonly ownership: Ownership
  readonly options: GroupOptions
  readonly topics: SubscribedTopics
  readonly logger: Logger
  readonly closing: AbortSignal
  onChunk(chunk: Chunk): void
  /** The position is beyond the end of the log: choose again. */
  startOver(owned: Owned): void
  onFailed(error: unknown): void
}

/** How often leaders are asked for while a partition has none, in milliseconds. */
const LEADERLESS_POLL_MS = 200

/**
 * Keeps a fetch under way at every broker that leads a partition we own and want more of. Nothing here knows of generations: who owns what is
 * looked up when an answer comes, so a rebalance need not wait for anything.
 */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #intake: Intake
  readonly #brokers = new Map<number, BrokerFetch>()
  #isRefreshing = false
  #refreshError: Error | null = null

  constructor(parts: FetcherParts) {
    this.#parts = parts
    this.#intake = new Intake({
      ...parts,
      onStaleLeader: () => this.#refresh(),
      onReady: () => this.wake(),
    })
  }

  /** What keeps some partition from being read, if anything does. */
  get lastError(): Error | null {
    const { cluster, ownership } = this.#parts
    // A broker that leads nothing of ours any more is not asked again, and its last error stays what it was.
    const leaders = new Set(ownership.all().map(({ topic, partition }) => cluster.leader(topic, partition)))
    const failing = [...this.#brokers].find(([nodeId, { lastError }]) => leaders.has(nodeId) && lastError !== null)
    return this.#intake.lastError ?? failing?.[1].lastError ?? this.#refreshError
  }

  /** Something may be fetched that could not before: a start, a resume, a seek, a new leader, the end of a waiting time. */
  wake(): void {
    if (this.#parts.closing.aborted) return
    const { cluster, ownership } = this.#parts
    const byLeader = new Map<number, Owned[]>()
    for (const owned of ownership.all()) {
      if (!this.#intake.wants(owned)) continue
      const leader = cluster.leader(owned.topic, owned.partition)
      const led = byLeader.get(leader)
      if (led === undefined) byLeader.set(leader, [owned])
      else led.push(owned)
    }
    for (const [leader, led] of byLeader) {
      if (leader === -1) this.#refresh()
      else this.#brokerFetch(leader).offer(led)
    }
  }

  #brokerFetch(nodeId: number): BrokerFetch {
    const known = this.#brokers.get(nodeId)
    if (known !== undefined) return known
    const { cluster, options, closing } = this.#parts
    const created = new BrokerFetch(nodeId, {
      cluster,
      options,
      closing,
      take: (owned, fetchedFrom, fetched) => this.#intake.take(owned, fetchedFrom, fetched),
      onIdle: () => this.wake(),
      onFailed: (error) => {
        if (isRetriable(error)) this.#refresh()
        else this.#parts.onFailed(error)
      },
    })
    this.#brokers.set(nodeId, created)
    return created
  }

  #refresh(): void {
    if (this.#isRefreshing || this.#parts.closing.aborted) return
    this.#isRefreshing = true
    const { cluster, ownership, topics, closing } = this.#parts
    const finish = async (): Promise<void> => {
      try {
        await cluster.refresh(topics.all)
        this.#refreshError = null
      } catch (error) {
        this.#refreshError = publicError(error)
      }
      if (ownership.all().some(({ topic, partition }) => cluster.leader(topic, partition) === -1))
        await pause(LEADERLESS_POLL_MS, closing)
      this.#isRefreshing = false
      this.wake()
    }
    void finish()
  }
}
