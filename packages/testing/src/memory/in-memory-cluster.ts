import {
  type Clock,
  type CommittedOffset,
  type RawRecord,
  systemClock,
  type TopicPartition,
} from '@tributary/event-bus'
import type { InMemoryConsumer } from './consumer.ts'
import { FaultBoard, type Faults } from './faults.ts'
import { GroupCoordinator } from './group-coordinator.ts'
import { TopicStore } from './topic-store.ts'

export interface InMemoryClusterOptions {
  /** Topics that exist from the start, with their number of partitions. Others are created as on Kafka: on purpose. */
  readonly topics?: Readonly<Record<string, number>>
  /** Owner of all time in the cluster and its drivers. @defaultValue `systemClock` */
  readonly clock?: Clock
}

/** What a test may look at and do behind the drivers' backs. */
export interface InMemoryCluster {
  readonly clock: Clock
  readonly faults: Faults
  createTopic(topic: string, partitions: number, configs?: Readonly<Record<string, string>>): void
  /** What is on the log now, read beside all consumers: the oracle of a test. */
  log(topic: string, partition: number): readonly RawRecord[]
  /** What a group has committed, over all its topics. */
  committed(group: string): readonly (TopicPartition & CommittedOffset)[]
  /** Member ids of a group. */
  members(group: string): readonly string[]
  /**
   * Ends a member's session as if it had been silent for too long. Others get its partitions at once; the member itself learns of it, loses
   * them and joins anew after `noticedAfterMs`, or when a commit is refused: meanwhile it is the thawed one that must be fenced.
   *
   * @param noticedAfterMs - milliseconds. @defaultValue 0
   */
  expireMember(group: string, memberId: string, noticedAfterMs?: number): void
  /** Nothing below `offset` is left, as when retention has passed it. On an empty partition: the log starts there. */
  truncateBefore(topic: string, partition: number, offset: bigint): void
  /** One record is gone and its offset stays used, as after compaction. */
  removeRecord(topic: string, partition: number, offset: bigint): void
}

/** Shared by the drivers of one cluster; not for users. */
export class ClusterState implements InMemoryCluster {
  readonly clock: Clock
  readonly faults = new FaultBoard()
  readonly topics = new TopicStore()
  readonly consumers = new Set<InMemoryConsumer>()
  readonly #coordinators = new Map<string, GroupCoordinator>()
  #memberNumber = 0

  constructor({ topics = {}, clock = systemClock }: InMemoryClusterOptions) {
    this.clock = clock
    for (const [topic, partitions] of Object.entries(topics)) this.topics.create(topic, partitions)
    this.topics.watch({
      onAppended: () => {},
      onTopicsChanged: () => {},
      onTopicDeleted: (topic) => {
        for (const coordinator of this.#coordinators.values()) coordinator.forgetTopic(topic)
      },
    })
  }

  coordinatorOf(group: string): GroupCoordinator {
    const coordinator =
      this.#coordinators.get(group) ?? new GroupCoordinator((topic) => this.topics.partitionCount(topic))
    this.#coordinators.set(group, coordinator)
    return coordinator
  }

  newMemberId(clientId: string): string {
    this.#memberNumber += 1
    return `${clientId}-${this.#memberNumber}`
  }

  createTopic(topic: string, partitions: number, configs: Readonly<Record<string, string>> = {}): void {
    this.topics.create(topic, partitions, configs)
  }

  log(topic: string, partition: number): readonly RawRecord[] {
    return this.topics.log({ topic, partition }).all()
  }

  committed(group: string): readonly (TopicPartition & CommittedOffset)[] {
    return this.coordinatorOf(group).allCommitted()
  }

  members(group: string): readonly string[] {
    return this.coordinatorOf(group).memberIds
  }

  expireMember(group: string, memberId: string, noticedAfterMs = 0): void {
    const member = this.members(group).includes(memberId) && [...this.consumers].find(({ id }) => id === memberId)
    if (!member)
      throw new Error(
        `group ${group} has no member ${memberId}: its members are ${this.members(group).join(', ') || 'none'}`,
      )
    member.expire(noticedAfterMs)
  }

  truncateBefore(topic: string, partition: number, offset: bigint): void {
    this.topics.log({ topic, partition }).truncateBefore(offset)
  }

  removeRecord(topic: string, partition: number, offset: bigint): void {
    this.topics.log({ topic, partition }).remove(offset)
  }
}

/** A Kafka cluster as far as the driver port shows one, in memory. Give it to several `inMemoryDriver`s to let services meet. */
export function inMemoryCluster(options: InMemoryClusterOptions = {}): InMemoryCluster {
  return new ClusterState(options)
}
