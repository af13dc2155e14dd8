import { type PartitionOffsets, TopicNotFoundError, type TopicPartition, TopicPlanError } from '@tributary/event-bus'
import { PartitionLog } from './partition-log.ts'

interface StoredTopic {
  readonly logs: PartitionLog[]
  readonly configs: Map<string, string>
}

/** Kafka's own defaults, for the settings that mean something here or that planning reads. */
const DEFAULT_CONFIGS: Readonly<Record<string, string>> = {
  'cleanup.policy': 'delete',
  'max.message.bytes': '1048588',
  'message.timestamp.type': 'CreateTime',
  'min.insync.replicas': '1',
  'retention.bytes': '-1',
  'retention.ms': '604800000',
}

/** What watchers are told: records were added to a partition, or the set of topics and partitions is another one. */
export interface TopicWatcher {
  onAppended(partition: TopicPartition): void
  onTopicsChanged(): void
  onTopicDeleted(topic: string): void
}

/** Topics of one in-memory cluster, their logs and their settings. */
export class TopicStore {
  readonly #topics = new Map<string, StoredTopic>()
  readonly #watchers = new Set<TopicWatcher>()

  watch(watcher: TopicWatcher): () => void {
    this.#watchers.add(watcher)
    return () => void this.#watchers.delete(watcher)
  }

  names(): string[] {
    return [...this.#topics.keys()].sort()
  }

  partitionCount(topic: string): number {
    return this.#topics.get(topic)?.logs.length ?? 0
  }

  create(topic: string, partitions: number, configs: Readonly<Record<string, string>> = {}): boolean {
    if (this.#topics.has(topic)) return false
    if (!/^[a-zA-Z0-9._-]{1,249}$/.test(topic)) {
      throw new TopicPlanError(
        `"${topic}" is no topic name: Kafka takes 1 to 249 letters, digits, dots, hyphens and underscores`,
      )
    }
    if (partitions < 1) throw new TopicPlanError(`topic ${topic} needs one partition or more, not ${partitions}`)
    this.#topics.set(topic, {
      logs: Array.from({ length: partitions }, () => new PartitionLog()),
      configs: new Map(Object.entries({ ...DEFAULT_CONFIGS, ...configs })),
    })
    for (const watcher of this.#watchers) watcher.onTopicsChanged()
    return true
  }

  delete(topic: string): void {
    this.#find(topic)
    this.#topics.delete(topic)
    for (const watcher of this.#watchers) watcher.onTopicDeleted(topic)
  }

  grow(topic: string, totalPartitions: number): void {
    const { logs } = this.#find(topic)
    if (totalPartitions <= logs.length) {
      throw new TopicPlanError(`topic ${topic} has ${logs.length} partitions already: ${totalPartitions} are not more`)
    }
    while (logs.length < totalPartitions) logs.push(new PartitionLog())
    for (const watcher of this.#watchers) watcher.onTopicsChanged()
  }

  configs(topic: string): Map<string, string> {
    return this.#find(topic).configs
  }

  log({ topic, partition }: TopicPartition): PartitionLog {
    const log = this.#find(topic).logs[partition]
    if (!log) throw unknownTopic(`topic ${topic} has no partition ${partition}`)
    return log
  }

  /** Same as `log`, for readers that outlive a topic. */
  findLog({ topic, partition }: TopicPartition): PartitionLog | undefined {
    return this.#topics.get(topic)?.logs[partition]
  }

  offsets(topic: string): PartitionOffsets[] {
    return this.#find(topic).logs.map(({ startOffset, endOffset }, partition) => ({
      topic,
      partition,
      logStartOffset: startOffset,
      logEndOffset: endOffset,
    }))
  }

  announceAppended(partition: TopicPartition): void {
    for (const watcher of this.#watchers) watcher.onAppended(partition)
  }

  #find(topic: string): StoredTopic {
    const stored = this.#topics.get(topic)
    if (!stored)
      throw unknownTopic(
        `the in-memory cluster has no topic ${topic}: create it with the admin or in the driver's options`,
      )
    return stored
  }
}

function unknownTopic(message: string): TopicNotFoundError {
  return new TopicNotFoundError(message, { outcome: 'not-written' })
}
