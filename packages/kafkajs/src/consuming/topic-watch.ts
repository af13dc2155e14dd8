import { type Logger, TopicNotFoundError } from '@tributary/event-bus'
import { pause } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, publicError } from '../wire/failures.ts'
import type { SubscribedTopics } from './subscribed-topics.ts'

export interface TopicWatchParts {
  readonly cluster: Cluster
  /** What this member reads. */
  readonly topics: SubscribedTopics
  readonly logger: Logger
  readonly closing: AbortSignal
  /** Whether it is for this member to have the group assigned anew: then topics that only others read are looked at as well. */
  mayLead(): boolean
  /** A topic has other partitions than when it was last assigned; told only to who may lead. */
  onChanged(): void
  /** A topic is gone that the membership can do without: it is none of its topics any more. */
  onLetGo(): void
  onDeleted(error: Error): void
}

/** A topic that is not there is looked for this often, in milliseconds; whether there is such a one is only known once the group is assigned. */
const MISSING_POLL_MS = 1_000
const GONE_AFTER_MS = 5_000

/** Looks at the topics from time to time: for partitions that were added, and for topics that are gone. */
export class TopicWatch {
  readonly #parts: TopicWatchParts
  #assignedCounts = new Map<string, number>()
  readonly #goneSince = new Map<string, number>()
  readonly #toldMissing = new Set<string>()

  constructor(parts: TopicWatchParts) {
    this.#parts = parts
    void this.#run()
  }

  /** What is missing of the topics, as far as anybody has looked; null when nothing is. */
  get lastError(): Error | null {
    const { cluster, topics } = this.#parts
    const missing = topics.all.find((topic) => cluster.topic(topic)?.errorCode === code.unknownTopicOrPartition)
    return missing === undefined
      ? null
      : publicError(new BrokerError(code.unknownTopicOrPartition, `reading ${missing}`))
  }

  /** @param assignedCounts how many partitions of each topic of the group are assigned by now */
  compareWith(assignedCounts: ReadonlyMap<string, number>): void {
    this.#assignedCounts = new Map(assignedCounts)
  }

  async #run(): Promise<void> {
    const { cluster, closing } = this.#parts
    const { metadataMaxAgeMs } = cluster.settings
    // At once: what is there when the group is joined is what later looks are compared with, where another member assigns or has assigned.
    let lookedAt = Number.NEGATIVE_INFINITY
    while (!closing.aborted) {
      const topics = this.#watched()
      const isMissing = this.#goneSince.size > 0 || topics.some((topic) => this.#assignedCounts.get(topic) === 0)
      if (isMissing || performance.now() - lookedAt >= metadataMaxAgeMs) {
        lookedAt = performance.now()
        // Whoever needs the cluster meets the same failure and reports it.
        await cluster.refresh(topics).then(
          () => this.#look(topics),
          () => {},
        )
      }
      await pause(Math.min(MISSING_POLL_MS, metadataMaxAgeMs), closing)
    }
  }

  /** The leader answers for the whole group: who reads a topic that it does not know may be no leader. */
  #watched(): readonly string[] {
    const { topics, mayLead } = this.#parts
    return mayLead() ? [...new Set([...topics.all, ...this.#assignedCounts.keys()])] : topics.all
  }

  #look(topics: readonly string[]): void {
    const { cluster } = this.#parts
    let isChanged = false
    for (const topic of topics) {
      const known = cluster.topic(topic)
      const isOurs = this.#parts.topics.all.includes(topic)
      const assigned = this.#assignedCounts.get(topic)
      if (known === undefined) continue
      if (isOurs && known.errorCode === code.unknownTopicOrPartition && !((assigned ?? 0) > 0)) this.#tellMissing(topic)
      if (assigned === undefined) {
        // Only the leader of the group counts for the assignment; the others still want to notice that a topic is gone.
        if (known.errorCode === code.none) this.#assignedCounts.set(topic, known.leaders.length)
        continue
      }
      if (known.errorCode === code.unknownTopicOrPartition && assigned > 0) {
        if (!isOurs) continue // its readers see it as well, and know whether they can live without it
        const since = this.#goneSince.get(topic) ?? performance.now()
        this.#goneSince.set(topic, since)
        if (performance.now() - since > GONE_AFTER_MS) this.#gone(topic)
        continue
      }
      this.#goneSince.delete(topic)
      if (known.errorCode === code.none && known.leaders.length !== assigned) isChanged = true
    }
    if (isChanged && this.#parts.mayLead()) this.#parts.onChanged()
  }

  #gone(topic: string): void {
    const { topics, onLetGo, onDeleted } = this.#parts
    if (!topics.letGo(topic)) {
      onDeleted(deleted(topic))
      return
    }
    this.#goneSince.delete(topic)
    this.#assignedCounts.delete(topic)
    onLetGo()
  }

  #tellMissing(topic: string): void {
    if (this.#toldMissing.has(topic)) return
    this.#toldMissing.add(topic)
    this.#parts.logger.warn({ topic }, 'the topic is not there: create it; reading begins as soon as it is')
  }
}

function deleted(topic: string): Error {
  return new TopicNotFoundError(
    `topic ${topic} was deleted while it was being read: create it again, or take it out of the subscription`,
    {
      outcome: 'not-written',
    },
  )
}
