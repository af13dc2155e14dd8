import type { TopicPartition } from '@tributary/event-bus'

/** One assignment of one partition to this member: the object is the epoch, and is dropped with it. */
export class Owned implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  /** Where the next chunk starts; null until the listener has said so. */
  position: bigint | null = null
  /** The listener knows of it: it must hear of the end as well. */
  isAnnounced = false
  isPaused = false
  /** Being handed over: nothing more is fetched, commits are still accepted. */
  isRevoking = false

  constructor(topic: string, partition: number, epoch: number) {
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
  }
}

/**
 * What this member owns now. Everything that comes back from a network or a listener asks here whether its epoch is still the current one, so an
 * answer that belongs to an assignment of the past finds nothing to act on.
 */
export class Ownership {
  readonly #owned = new Map<string, Owned>()
  #lastEpoch = 0

  get size(): number {
    return this.#owned.size
  }

  all(): Owned[] {
    return [...this.#owned.values()]
  }

  find(partition: TopicPartition): Owned | undefined {
    return this.#owned.get(keyOf(partition))
  }

  isCurrent(owned: Owned): boolean {
    return this.#owned.get(keyOf(owned)) === owned
  }

  gain({ topic, partition }: TopicPartition): Owned {
    this.#lastEpoch++
    const owned = new Owned(topic, partition, this.#lastEpoch)
    this.#owned.set(keyOf(owned), owned)
    return owned
  }

  drop(owned: Owned): void {
    if (this.isCurrent(owned)) this.#owned.delete(keyOf(owned))
  }

  /** What to take and what to give up; what is in both stays as it is, epoch, position, pause and all. */
  compare(assigned: readonly TopicPartition[]): { gained: TopicPartition[]; revoked: Owned[] } {
    const keys = new Set(assigned.map(keyOf))
    return {
      gained: assigned.filter((partition) => !this.#owned.has(keyOf(partition))),
      revoked: this.all().filter((owned) => !keys.has(keyOf(owned))),
    }
  }
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition} ${topic}`
}
