import type { RememberedPartition } from './cluster-journal.ts'
import { Partition, type PartitionHome } from './partition.ts'
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

  /** @throws {StorageFailed} when its log cannot be opened. */
  addPartition(state: RememberedPartition, home: PartitionHome): Partition {
    const partition = new Partition(this, this.#partitions.length, state, home)
    this.#partitions.push(partition)
    return partition
  }

  /** Takes back what {@link addPartition} did, up to that number. */
  shrinkTo(count: number): void {
    for (const { log } of this.#partitions.splice(count)) log.destroy()
  }

  /** Long polls on it are woken, and find it gone. */
  delete(): void {
    this.#isDeleted = true
    for (const { log } of this.#partitions) {
      log.destroy()
      log.wake()
    }
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
