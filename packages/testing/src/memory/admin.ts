import {
  BusClosedError,
  type Chunk,
  type CommittedOffset,
  type DriverAdmin,
  GroupHasMembersError,
  type PartitionOffsets,
  type TopicDescription,
  type TopicPartition,
  type TopicSpec,
} from '@tributary/event-bus'
import type { GroupCoordinator } from './group-coordinator.ts'
import { readLogRange } from './read-range.ts'
import type { TopicStore } from './topic-store.ts'

export interface AdminDeps {
  readonly topics: TopicStore
  readonly coordinatorOf: (group: string) => GroupCoordinator
  readonly onClosed: () => void
}

export class InMemoryAdmin implements DriverAdmin {
  readonly #deps: AdminDeps
  #isClosed = false

  constructor(deps: AdminDeps) {
    this.#deps = deps
  }

  async listTopics(): Promise<readonly string[]> {
    return this.#topics.names()
  }

  async describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    return topics
      .map((topic) => ({ topic, partitions: this.#topics.partitionCount(topic), replicationFactor: 1 }))
      .filter(({ partitions }) => partitions > 0)
  }

  async createTopics(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]> {
    return specs.map(({ topic, partitions, configs }) => ({
      topic,
      created: this.#topics.create(topic, partitions, configs),
    }))
  }

  async deleteTopics(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#topics.delete(topic)
  }

  async createPartitions(topic: string, totalPartitions: number): Promise<void> {
    this.#topics.grow(topic, totalPartitions)
  }

  async topicConfigs(topic: string): Promise<ReadonlyMap<string, string>> {
    return new Map(this.#topics.configs(topic))
  }

  async alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    const stored = this.#topics.configs(topic)
    for (const [name, value] of Object.entries(configs)) stored.set(name, value)
  }

  async offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#topics.offsets(topic)
  }

  async committed(group: string, topic: string): Promise<readonly (TopicPartition & CommittedOffset)[]> {
    this.#refuseWhenClosed()
    return this.#deps
      .coordinatorOf(group)
      .allCommitted()
      .filter((offset) => offset.topic === topic)
  }

  async setCommitted(group: string, offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    this.#refuseWhenClosed()
    const coordinator = this.#deps.coordinatorOf(group)
    if (coordinator.memberIds.length > 0) {
      throw new GroupHasMembersError(`group ${group} has members: stop them before its offsets are set from outside`)
    }
    for (const offset of offsets) coordinator.commit(offset)
  }

  async *readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncGenerator<Chunk> {
    yield* readLogRange(this.#topics.log(partition), partition, { from, to, epoch: 0 }, signal)
  }

  async close(): Promise<void> {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#deps.onClosed()
  }

  get #topics(): TopicStore {
    this.#refuseWhenClosed()
    return this.#deps.topics
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new BusClosedError('this admin client is closed', { outcome: 'not-written' })
  }
}
