/** All groups of the cluster, and which broker coordinates each. */
import type { Cluster } from '../cluster/cluster.ts'
import type { Remembered } from '../cluster/cluster-journal.ts'
import { preferredBroker } from '../cluster/preferred-broker.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { ConsumerGroup } from './consumer/consumer-group.ts'
import { Group } from './group.ts'

type RememberedGroups = Pick<Remembered, 'offsets' | 'pendingOffsets' | 'consumerGroups'>

/** A group under either protocol. An empty one changes over when a member of the other comes; its offsets stay. */
export type AnyGroup = Group | ConsumerGroup

export class GroupCoordinator {
  readonly #cluster: Cluster
  readonly #groups = new Map<string, AnyGroup>()
  /** Who coordinates the groups that exist, and those that were moved on purpose. It stays so until that broker is gone. */
  readonly #placement = new Map<string, number>()

  constructor(cluster: Cluster) {
    this.#cluster = cluster
  }

  get groups(): Iterable<AnyGroup> {
    return this.#groups.values()
  }

  get(groupId: string): AnyGroup | undefined {
    return this.#groups.get(groupId)
  }

  /** The group, if it is one of the classic protocol. */
  classic(groupId: string): Group | undefined {
    const group = this.#groups.get(groupId)
    return group?.type === 'classic' ? group : undefined
  }

  /** The group, if it is one of the newer protocol. */
  consumer(groupId: string): ConsumerGroup | undefined {
    const group = this.#groups.get(groupId)
    return group?.type === 'consumer' ? group : undefined
  }

  /** Whatever protocol the group speaks; a new one is classic. */
  getOrCreate(groupId: string): AnyGroup {
    return this.#groups.get(groupId) ?? this.#makeClassic(groupId)
  }

  /** For a member of the classic protocol; undefined while members of the newer one are in the group. */
  becomeClassic(groupId: string): Group | undefined {
    const present = this.#groups.get(groupId)
    if (present?.type === 'classic') return present
    if (present && present.state !== 'Empty') return undefined
    return this.#makeClassic(groupId, present)
  }

  /** For a member of the newer protocol; undefined while members of the classic one are in the group. */
  becomeConsumer(groupId: string): ConsumerGroup | undefined {
    const present = this.#groups.get(groupId)
    if (present?.type === 'consumer') return present
    if (present && present.state !== 'Empty') return undefined
    const { clock, options } = this.#cluster
    const { consumerGroupHeartbeatIntervalMs: heartbeatIntervalMs, consumerGroupSessionTimeoutMs: sessionTimeoutMs } =
      options
    present?.end()
    this.#noted(() => this.#cluster.journal.consumerGroup(groupId))
    const groupOptions = { clock, topics: this.#cluster, heartbeatIntervalMs, sessionTimeoutMs }
    return this.#keep(new ConsumerGroup(groupId, groupOptions, present?.offsets ?? this.#noOffsets(groupId)))
  }

  delete(group: AnyGroup): void {
    group.offsets.forgetAll()
    this.#cluster.journal.forgetConsumerGroup(group.id)
    group.end()
    this.#groups.delete(group.id)
    this.#placement.delete(group.id)
  }

  /** Groups of an earlier process, without members: those hear that nobody knows them, and join again. */
  restore({ offsets, pendingOffsets, consumerGroups }: RememberedGroups): void {
    for (const groupId of consumerGroups) this.becomeConsumer(groupId)
    for (const [groupId, committed] of offsets) this.getOrCreate(groupId).offsets.restore(committed)
    for (const [groupId, offsets] of pendingOffsets)
      for (const { producerId, ...offset } of offsets)
        this.getOrCreate(groupId).offsets.pending.restore(producerId, offset)
  }

  /** Undefined while no broker is up. Asking about a group that does not exist leaves no trace. */
  coordinatorOf(groupId: string): number | undefined {
    return this.#placement.get(groupId) ?? preferredBroker(groupId, this.#cluster.brokers)?.id
  }

  /** Why that broker cannot answer for the group, if it cannot. */
  fault(groupId: string, brokerId: number): ErrorName | undefined {
    if (groupId === '') return 'INVALID_GROUP_ID'
    return this.coordinatorOf(groupId) === brokerId ? undefined : 'NOT_COORDINATOR'
  }

  move(groupId: string, brokerId: number): void {
    if (this.coordinatorOf(groupId) === brokerId) return
    const group = this.#groups.get(groupId)
    group?.suspend('NOT_COORDINATOR')
    this.#placement.set(groupId, brokerId)
    group?.resume()
  }

  /** A broker is gone: its groups go to one that lives, or stand still until one does. */
  leave(brokerId: number): void {
    for (const [groupId, coordinator] of this.#placement) {
      if (coordinator !== brokerId) continue
      this.#placement.delete(groupId)
      const group = this.#groups.get(groupId)
      group?.suspend('NOT_COORDINATOR')
      if (this.#place(groupId)) group?.resume()
    }
  }

  /** A broker is back: it takes the groups that have no coordinator. */
  returned(): void {
    for (const group of this.#groups.values())
      if (!this.#placement.has(group.id) && this.#place(group.id)) group.resume()
  }

  forgetTopic(topic: string): void {
    for (const group of this.#groups.values()) group.offsets.forgetTopic(topic)
  }

  end(): void {
    for (const group of this.#groups.values()) group.end()
  }

  #makeClassic(groupId: string, present?: ConsumerGroup): Group {
    const { clock, options } = this.#cluster
    present?.end()
    if (present) this.#noted(() => this.#cluster.journal.forgetConsumerGroup(groupId))
    const groupOptions = { clock, initialRebalanceDelayMs: options.groupInitialRebalanceDelayMs }
    return this.#keep(new Group(groupId, groupOptions, present?.offsets ?? this.#noOffsets(groupId)))
  }

  /** On a full disk the group goes on all the same; its members may have to be started anew after a restart. */
  #noted(note: () => void): void {
    try {
      note()
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
    }
  }

  /** Commits are noted, so that they outlive the process. */
  #noOffsets(groupId: string): CommittedOffsets {
    return new CommittedOffsets(this.#cluster.journal.offsetsOf(groupId))
  }

  #keep<G extends AnyGroup>(group: G): G {
    this.#groups.set(group.id, group)
    this.#place(group.id)
    return group
  }

  #place(groupId: string): boolean {
    const coordinator = this.coordinatorOf(groupId)
    if (coordinator === undefined) return false
    this.#placement.set(groupId, coordinator)
    return true
  }
}
