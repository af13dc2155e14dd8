import { Partition } from './partition.ts'
import type { TopicConfig } from './topic-config.ts'

export class Topic {
  readonly name: string
  /** Kafka's UUID of it, as 22 characters of URL-safe base64: a topic that is deleted and made again gets another. */
  readonly id: string
  readonly config: TopicConfig
  readonly #partitions: Partition[] = []
  #isDeleted = false

  constructor(name: string, config: TopicConfig, id: string = newTopicId()) {
    this.name = name
    this.id = id
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

/** Never begins with a dash, which command-line tools would take for an option. */
export function newTopicId(): string {
  const id = Buffer.from(crypto.randomUUID().replaceAll('-', ''), 'hex').toString('base64url')
  return id.startsWith('-') ? newTopicId() : id
}

/** Kafka's rule for topic names. */
export function isTopicName(name: string): boolean {
  return /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'
}
