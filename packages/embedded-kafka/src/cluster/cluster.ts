/** What all brokers of the cluster agree on: who is alive, which topics exist, who leads what. */
import { GroupCoordinator } from '../groups/group-coordinator.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { Storage } from '../storage/storage.ts'
import { TransactionCoordinator } from '../transactions/transaction-coordinator.ts'
import { Cleaner } from './cleaner.ts'
import type { Clock } from './clock.ts'
import { ClusterJournal, type Remembered, type RememberedPartition } from './cluster-journal.ts'
import { noLeader, type Partition } from './partition.ts'
import { Topic } from './topic.ts'
import { TopicConfig } from './topic-config.ts'

/** Kafka's own size of a block of producer ids. */
const producerIdBlock = 1000n

export interface ClusterOptions {
  readonly autoCreateTopics: boolean
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMinSessionTimeoutMs: number
  readonly groupMaxSessionTimeoutMs: number
  readonly consumerGroupHeartbeatIntervalMs: number
  readonly consumerGroupSessionTimeoutMs: number
}

/** Where the cluster lives. */
export interface ClusterHome {
  readonly storage: Storage
  readonly warn: (message: string) => void
}

export interface BrokerNode {
  readonly id: number
  readonly host: string
  port: number
  isUp: boolean
}

export interface NewTopic {
  readonly partitions: number
  readonly replicationFactor: number
  readonly configs: ReadonlyMap<string, string>
  /** Where each log begins. */
  readonly startOffset?: bigint
  /** Replicas of each partition, leader first, instead of the usual spread. */
  readonly assignment?: readonly (readonly number[])[]
}

export class Cluster {
  readonly clusterId = 'tributary-embedded-kfka'
  readonly options: ClusterOptions
  readonly clock: Clock
  readonly brokers: readonly BrokerNode[]
  readonly groups: GroupCoordinator
  readonly transactions: TransactionCoordinator
  readonly storage: Storage
  readonly journal: ClusterJournal
  readonly cleaner: Cleaner
  readonly #topics = new Map<string, Topic>()
  readonly #topicsById = new Map<string, Topic>()
  #topicsVersion = 0
  #nextProducerId = 1000n
  /** Noted as given away. A block at a time: an id costs no write. */
  #reservedProducerId = 1000n

  /** What an earlier process left in that storage is there again. @throws {StorageFailed} when it cannot be read. */
  static async open(
    options: ClusterOptions,
    clock: Clock,
    brokers: readonly BrokerNode[],
    home: ClusterHome,
  ): Promise<Cluster> {
    try {
      return new Cluster(options, clock, brokers, home)
    } catch (error) {
      await home.storage.close()
      throw error
    }
  }

  private constructor(
    options: ClusterOptions,
    clock: Clock,
    brokers: readonly BrokerNode[],
    { storage, warn }: ClusterHome,
  ) {
    this.options = options
    this.clock = clock
    this.brokers = brokers
    this.storage = storage
    this.cleaner = new Cleaner({ topics: () => this.#topics.values(), clock, warn })
    this.journal = new ClusterJournal(this.storage.journal)
    this.groups = new GroupCoordinator(this)
    this.transactions = new TransactionCoordinator(this, warn)
    this.#restore(this.journal.read())
  }

  get liveBrokers(): readonly BrokerNode[] {
    return this.brokers.filter((broker) => broker.isUp)
  }

  /** Any live broker does in KRaft; here it is always the first one. */
  get controllerId(): number {
    return this.liveBrokers[0]?.id ?? -1
  }

  get topics(): Iterable<Topic> {
    return this.#topics.values()
  }

  /** Another one whenever a topic or partition came or went. */
  get topicsVersion(): number {
    return this.#topicsVersion
  }

  topic(name: string): Topic | undefined {
    return this.#topics.get(name)
  }

  topicById(id: string): Topic | undefined {
    return this.#topicsById.get(id)
  }

  partition(topic: string, index: number): Partition | undefined {
    return this.#topics.get(topic)?.partitions[index]
  }

  /** The partition, or why this broker cannot answer for it. */
  partitionLedBy(brokerId: number, topic: string, index: number): Partition | ErrorName {
    const partition = this.partition(topic, index)
    if (!partition) return 'UNKNOWN_TOPIC_OR_PARTITION'
    return partition.leader === brokerId ? partition : 'NOT_LEADER_OR_FOLLOWER'
  }

  /** The caller has checked name, counts and settings. @throws {StorageFailed} when there is no room for it. */
  createTopic(name: string, plan: NewTopic): Topic {
    const topic = this.#newTopic(name, plan.configs)
    this.addPartitions(topic, plan.partitions, plan)
    this.#add(topic)
    return topic
  }

  /** All of them are added, or none. @throws {StorageFailed} when there is no room for them. */
  addPartitions(
    topic: Topic,
    count: number,
    plan: Pick<NewTopic, 'replicationFactor' | 'startOffset' | 'assignment'>,
  ): void {
    const present = topic.partitions.length
    try {
      for (let added = 0; added < count; added++) {
        const replicas = plan.assignment?.[added] ?? this.#spread(topic.partitions.length, plan.replicationFactor)
        const { startOffset = 0n } = plan
        topic.addPartition({ replicas, epochs: [{ epoch: 0, startOffset }], startOffset }, this).note()
      }
      this.journal.topic(topic, topic.config.overrides)
    } catch (error) {
      topic.shrinkTo(present)
      throw error
    }
    this.#topicsVersion += 1
    this.#elect(topic.partitions)
  }

  deleteTopic(topic: Topic): void {
    this.journal.forgetTopic(topic.name, topic.partitions.length)
    this.#topics.delete(topic.name)
    this.#topicsById.delete(topic.id)
    topic.delete()
    this.#topicsVersion += 1
    this.groups.forgetTopic(topic.name)
  }

  allocateProducerId(): bigint {
    if (this.#nextProducerId === this.#reservedProducerId) {
      const reserved = this.#reservedProducerId + producerIdBlock
      this.journal.producerIds(reserved)
      this.#reservedProducerId = reserved
    }
    return this.#nextProducerId++
  }

  /** Gives partitions whose leader is gone to their first live replica, and groups to a live coordinator. */
  electLeaders(): void {
    for (const topic of this.#topics.values()) this.#elect(topic.partitions)
    this.transactions.completeAll()
  }

  /** After the brokers have stopped. */
  async close(): Promise<void> {
    this.groups.end()
    await this.transactions.stop()
    await this.cleaner.stop()
    for (const topic of this.#topics.values()) for (const { log } of topic.partitions) await log.close()
    await this.storage.close()
  }

  #elect(partitions: readonly Partition[]): void {
    const live = new Set(this.liveBrokers.map((broker) => broker.id))
    for (const partition of partitions)
      if (!live.has(partition.leader)) partition.moveTo(partition.replicas.find((id) => live.has(id)) ?? noLeader)
  }

  #newTopic(name: string, configs: ReadonlyMap<string, string>, id?: string): Topic {
    const note = (changed: ReadonlyMap<string, string>): void => {
      this.journal.topic(topic, changed)
      this.cleaner.wake()
    }
    const topic: Topic = new Topic(name, new TopicConfig(configs, note), id)
    return topic
  }

  #add(topic: Topic): void {
    this.#topics.set(topic.name, topic)
    this.#topicsById.set(topic.id, topic)
  }

  /** What an earlier process left. */
  #restore({ topics, nextProducerId, ...remembered }: Remembered): void {
    const places = topics.flatMap(({ name, partitions }) =>
      partitions.map((_, partition) => ({ topic: name, partition })),
    )
    this.storage.removeOthers(places)
    for (const { name, id, configs, partitions } of topics) {
      const topic = this.#newTopic(name, configs, id)
      this.#add(topic)
      // A restart is an election: the log may have lost its end with the machine, and clients must notice.
      for (const partition of partitions) topic.addPartition(this.#present(partition), this).beginEpoch()
    }
    if (topics.length > 0) this.cleaner.wake()
    this.groups.restore(remembered)
    this.transactions.restore(remembered.transactions)
    this.#nextProducerId = nextProducerId ?? this.#nextProducerId
    this.#reservedProducerId = this.#nextProducerId
  }

  /** There may be fewer brokers than there were. */
  #present(partition: RememberedPartition): RememberedPartition {
    const replicas = partition.replicas.filter((id) => id < this.brokers.length)
    return { ...partition, replicas: replicas.length > 0 ? replicas : [0] }
  }

  /** Partition p of every topic is led by the p-th broker, its other replicas by the ones after it: easy to foresee in tests. */
  #spread(index: number, replicationFactor: number): number[] {
    // Brokers that are down get no new replicas while enough others live, as in Kafka.
    const candidates = this.liveBrokers.length >= replicationFactor ? this.liveBrokers : this.brokers
    return Array.from(
      { length: replicationFactor },
      (_, replica) => (candidates[(index + replica) % candidates.length] as BrokerNode).id,
    )
  }
}
