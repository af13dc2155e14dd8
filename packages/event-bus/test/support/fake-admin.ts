import type { DriverAdmin, PartitionOffsets, TopicDescription, TopicSpec } from '../../src/driver.ts'

interface FakeTopic {
  partitions: number
  configs: Map<string, string>
  records: bigint
  /** Of the records, what the group has committed. */
  committed: bigint | null
}

/** A cluster of topics that counts its changes. */
export class FakeAdmin implements DriverAdmin {
  readonly topics = new Map<string, FakeTopic>()
  /** What was changed, in order. */
  readonly changes: string[] = []

  has(
    topic: string,
    given: { partitions?: number; records?: bigint; committed?: bigint; configs?: Record<string, string> } = {},
  ): this {
    const configs = new Map([['max.message.bytes', '1048588'], ...Object.entries(given.configs ?? {})])
    const { partitions = 6, records = 0n, committed = null } = given
    this.topics.set(topic, { partitions, records, committed, configs })
    return this
  }

  async listTopics(): Promise<readonly string[]> {
    return [...this.topics.keys()]
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    return topics.flatMap((topic) => {
      const found = this.topics.get(topic)
      return found === undefined ? [] : [{ topic, partitions: found.partitions, replicationFactor: 1 }]
    })
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]> {
    return specs.map(({ topic, partitions, configs }) => {
      this.changes.push(`create ${topic}`)
      this.has(topic, { partitions, configs })
      return { topic, created: true }
    })
  }

  async createPartitions(topic: string, totalPartitions: number): Promise<void> {
    this.changes.push(`grow ${topic} to ${totalPartitions}`)
    this.#found(topic).partitions = totalPartitions
  }

  async topicConfigs(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#found(topic).configs
  }

  async alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, value] of Object.entries(configs)) {
      this.changes.push(`set ${topic} ${name}=${value}`)
      this.#found(topic).configs.set(name, value)
    }
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return [{ topic, partition: 0, logStartOffset: 10n, logEndOffset: 10n + this.#found(topic).records }]
  }

  async deleteTopics(): Promise<void> {
    throw new Error('applying a plan deletes nothing')
  }

  async committed(
    _group: string,
    topic: string,
  ): Promise<readonly { topic: string; partition: number; nextOffset: bigint; metadata: string }[]> {
    const { committed } = this.#found(topic)
    return committed === null ? [] : [{ topic, partition: 0, nextOffset: 10n + committed, metadata: '' }]
  }

  async setCommitted(): Promise<void> {
    throw new Error('applying a plan moves no offsets')
  }

  async *readRange(): AsyncGenerator<never> {}

  async close(): Promise<void> {}

  #found(topic: string): FakeTopic {
    const found = this.topics.get(topic)
    if (found === undefined) throw new Error(`no topic ${topic}`)
    return found
  }
}
