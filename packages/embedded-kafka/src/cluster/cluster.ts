/** What all brokers of the cluster agree on: who is alive, which topics exist, who leads what. */
import { GroupCoordinator } from '../groups/group-coordinator.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { Clock } from './clock.ts'
import { noLeader, type Partition } from './partition.ts'
import { Topic } from './topic.ts'
import { TopicConfig } from './topic-config.ts'

export interface ClusterOptions {
  readonly autoCreateTopics: boolean
  readonly defaultPartitions: number
  readonly defaultReplicationFactor: number
  readonly groupInitialRebalanceDelayMs: number
  readonly groupMinSessionTimeoutMs: number
  readonly groupMaxSessionTimeoutMs: number
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
  readonly #topics = new Map<string, Topic>()
  readonly #topicsById = new Map<string, Topic>()
  #nextProducerId = 1000n

  constructor(options: ClusterOptions, clock: Clock, brokers: readonly BrokerNode[]) {
    this.options = options
    this.clock = clock
    this.brokers = brokers
    this.groups = new GroupCoordinator(this)
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

  /** The caller has checked name, counts and settings. */
  createTopic(name: string, plan: NewTopic): Topic {
    const topic = new Topic(name, new TopicConfig(plan.configs))
    this.#topics.set(name, topic)
    this.#topicsById.set(topic.id, topic)
    this.addPartitions(topic, plan.partitions, plan)
    return topic
  }

  addPartitions(
    topic: Topic,
    count: number,
    plan: Pick<NewTopic, 'replicationFactor' | 'startOffset' | 'assignment'>,
  ): void {
    for (let added = 0; added < count; added++) {
      const replicas = plan.assignment?.[added] ?? this.#spread(topic.partitions.length, plan.replicationFactor)
      topic.addPartition(replicas, plan.startOffset ?? 0n)
    }
    this.electLeaders()
  }

  deleteTopic(topic: Topic): void {
    this.#topics.delete(topic.name)
    this.#topicsById.delete(topic.id)
    topic.delete()
    this.groups.forgetTopic(topic.name)
  }

  allocateProducerId(): bigint {
    return this.#nextProducerId++
  }

  /** Gives partitions whose leader is gone to their first live replica, and groups to a live coordinator. */
  electLeaders(): void {
    const live = new Set(this.liveBrokers.map((broker) => broker.id))
    for (const topic of this.#topics.values())
      for (const partition of topic.partitions)
        if (!live.has(partition.leader)) partition.moveTo(partition.replicas.find((id) => live.has(id)) ?? noLeader)
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
