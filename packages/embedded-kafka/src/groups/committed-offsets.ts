/** The committed offsets of one group. */
export interface CommittedOffset {
  /** The offset of the next record to read. */
  readonly nextOffset: bigint
  readonly leaderEpoch: number
  readonly metadata: string
  /** Milliseconds since 1970. */
  readonly committedAt: number
}

export interface CommittedPartition extends CommittedOffset {
  readonly topic: string
  readonly partition: number
}

/** Kafka's `offset.metadata.max.bytes`. */
export const maxMetadataBytes = 4096

export class CommittedOffsets {
  readonly #byTopic = new Map<string, Map<number, CommittedOffset>>()

  get isEmpty(): boolean {
    return this.#byTopic.size === 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  set(topic: string, partition: number, offset: CommittedOffset): void {
    const partitions = this.#byTopic.get(topic) ?? new Map<number, CommittedOffset>()
    this.#byTopic.set(topic, partitions.set(partition, offset))
  }

  delete(topic: string, partition: number): void {
    const partitions = this.#byTopic.get(topic)
    partitions?.delete(partition)
    if (partitions?.size === 0) this.#byTopic.delete(topic)
  }

  forgetTopic(topic: string): void {
    this.#byTopic.delete(topic)
  }

  *all(): Iterable<CommittedPartition> {
    for (const [topic, partitions] of this.#byTopic)
      for (const [partition, offset] of partitions) yield { topic, partition, ...offset }
  }
}
