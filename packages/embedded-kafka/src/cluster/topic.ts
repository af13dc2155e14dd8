import { Partition } from './partition.ts'
import type { TopicConfig } from './topic-config.ts'

export class Topic {
  readonly name: string
  readonly config: TopicConfig
  readonly #partitions: Partition[] = []
  #isDeleted = false

  constructor(name: string, config: TopicConfig) {
    this.name = name
    this.config = config
  }

  get partitions(): readonly Partition[] {
    return this.#partitions
  }

  get replicationFactor(): number {
    return this.#partitions[0]?.replicas.length ?? 0
  }

  get isDeleted(): boolean {
    return this.#isDeleted
  }

  addPartition(replicas: readonly number[], startOffset: bigint): void {
    this.#partitions.push(new Partition(this, this.#partitions.length, replicas, startOffset))
  }

  /** Long polls on it are woken, and find it gone. */
  delete(): void {
    this.#isDeleted = true
    for (const partition of this.#partitions) partition.log.wake()
  }
}

/** Kafka's rule for topic names. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}
