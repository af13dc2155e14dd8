import type {
  Chunk,
  CommittedOffset,
  DriverAdmin,
  PartitionOffsets,
  TopicDescription,
  TopicPartition,
  TopicSpec,
} from '@tributary/event-bus'
import type { Settings } from '../settings.ts'
import { Cluster } from '../wire/cluster.ts'
import { readLog } from '../wire/log-reader.ts'
import { OffsetAdmin } from './offset-admin.ts'
import { Patience } from './patience.ts'
import { TopicAdmin } from './topic-admin.ts'

export class KafkajsAdmin implements DriverAdmin {
  readonly #cluster: Cluster
  readonly #topics: TopicAdmin
  readonly #offsets: OffsetAdmin
  readonly #closing = new AbortController()

  constructor(settings: Settings, clientId: string) {
    this.#cluster = new Cluster(settings, clientId)
    const patience = new Patience(this.#cluster, this.#closing.signal)
    this.#topics = new TopicAdmin(this.#cluster, patience)
    this.#offsets = new OffsetAdmin(this.#cluster, patience)
  }

  listTopics(): Promise<readonly string[]> {
    return this.#topics.list()
  }

  describeTopics(topics: readonly string[]): Promise<readonly TopicDescription[]> {
    return this.#topics.describe(topics)
  }

  createTopics(specs: readonly TopicSpec[]): Promise<readonly { topic: string; created: boolean }[]> {
    return this.#topics.create(specs)
  }

  deleteTopics(topics: readonly string[]): Promise<void> {
    return this.#topics.delete(topics)
  }

  createPartitions(topic: string, totalPartitions: number): Promise<void> {
    return this.#topics.createPartitions(topic, totalPartitions)
  }

  topicConfigs(topic: string): Promise<ReadonlyMap<string, string>> {
    return this.#topics.configs(topic)
  }

  alterTopicConfigs(topic: string, configs: Readonly<Record<string, string>>): Promise<void> {
    return this.#topics.alterConfigs(topic, configs)
  }

  offsets(topic: string): Promise<readonly PartitionOffsets[]> {
    return this.#offsets.ofLog(topic)
  }

  committed(group: string, topic: string): Promise<readonly (TopicPartition & CommittedOffset)[]> {
    return this.#offsets.committed(group, topic)
  }

  setCommitted(group: string, offsets: readonly (TopicPartition & CommittedOffset)[]): Promise<void> {
    return this.#offsets.setCommitted(group, offsets)
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const stopped = signal === undefined ? this.#closing.signal : AbortSignal.any([signal, this.#closing.signal])
    return readLog(this.#cluster, partition, from, to, () => 0, stopped)
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#cluster.close()
  }
}
