/**
 * The newer group protocol (KIP-848) for one group. The coordinator itself assigns; members hear of it in heartbeats.
 *
 * Three epochs say how far things are. The group's rises when members, subscriptions or topics change. The assignment's
 * is the group's epoch for which the target was computed. A member's is the assignment epoch that it has reached: until
 * it has given back what the target takes from it, it stays behind.
 */
import type { Clock } from '../../cluster/clock.ts'
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { CommittedOffsets } from '../committed-offsets.ts'
import type { Identity } from '../roster.ts'
import type { Assignor } from './assignor.ts'
import { assignors, preferredAssignor } from './assignors.ts'
import type { ConsumerMember } from './consumer-member.ts'
import { GroupRefusal } from './group-refusal.ts'
import { type Heartbeat, type HeartbeatAnswer, isFull, type Leave } from './heartbeat.ts'
import { Membership } from './membership.ts'
import { keysOf, listed, type PartitionKey } from './partition-key.ts'
import { reconcile } from './reconciliation.ts'
import { isSameTopics, type SubscribedTopics, subscribedTopics, type TopicSource } from './subscribed-topics.ts'

export type ConsumerGroupState = 'Empty' | 'Assigning' | 'Reconciling' | 'Stable' | 'Dead'

export interface ConsumerGroupOptions {
  readonly clock: Clock
  readonly topics: TopicSource
  readonly heartbeatIntervalMs: number
  readonly sessionTimeoutMs: number
}

export class ConsumerGroup {
  readonly type = 'consumer'
  readonly protocolType = 'consumer'
  readonly id: string
  readonly offsets: CommittedOffsets
  readonly #options: ConsumerGroupOptions
  readonly #membership: Membership
  #epoch = 1
  #assignmentEpoch = 0
  #topics: SubscribedTopics = { ids: new Map(), partitionCounts: new Map() }
  /** The version of the cluster's topics that was looked at. */
  #topicsVersion = -1
  #isDead = false

  constructor(id: string, options: ConsumerGroupOptions, offsets: CommittedOffsets) {
    this.id = id
    this.offsets = offsets
    this.#options = options
    this.#membership = new Membership(id)
  }

  get members(): readonly ConsumerMember[] {
    return this.#membership.all
  }

  get epoch(): number {
    return this.#epoch
  }

  get assignmentEpoch(): number {
    return this.#assignmentEpoch
  }

  get assignor(): string {
    return preferredAssignor(this.members.map(({ assignor }) => assignor))
  }

  get state(): ConsumerGroupState {
    if (this.#isDead) return 'Dead'
    if (this.#membership.size === 0) return 'Empty'
    if (this.#epoch > this.#assignmentEpoch) return 'Assigning'
    const isReconciled = ({ progress }: ConsumerMember): boolean =>
      progress.state === 'Stable' && progress.epoch === this.#assignmentEpoch
    return this.members.every(isReconciled) ? 'Stable' : 'Reconciling'
  }

  /** @throws {GroupRefusal} and has changed nothing then. */
  heartbeat(beat: Heartbeat): HeartbeatAnswer {
    const { member, replaced } = this.#membership.speaker(beat)
    const wantsOthers = member.update(beat)
    if (replaced) this.#forget(replaced)
    this.#membership.add(member)
    if (this.#topicsHaveChanged() || wantsOthers) this.#epoch += 1
    if (this.#epoch > this.#assignmentEpoch) this.#assign()

    const before = member.progress.assigned
    this.#advance(member, beat.owned && keysOf(beat.owned))
    this.#restartSession(member)
    const { assigned, epoch } = member.progress
    return {
      memberId: member.id,
      memberEpoch: epoch,
      heartbeatIntervalMs: this.#options.heartbeatIntervalMs,
      assignment: isFull(beat) || !isSame(before, assigned) ? listed(assigned.keys()) : null,
    }
  }

  /** Somebody says by the classic API that a member is gone: itself, or an administrator by the instance id alone. */
  remove({ memberId, groupInstanceId }: Identity): ErrorName {
    try {
      this.#fence(this.#membership.known(memberId, groupInstanceId, memberId === ''))
      return 'NONE'
    } catch (error) {
      if (error instanceof GroupRefusal) return error.error
      throw error
    }
  }

  /** @throws {GroupRefusal} when the member is not known. */
  leave({ memberId, memberEpoch, instanceId }: Leave): HeartbeatAnswer {
    const member = this.#membership.known(memberId, instanceId)
    if (instanceId !== null && memberEpoch === -2) {
      // Its session goes on: it has that long to come back.
      member.cancelRevocation()
      member.goAway()
    } else this.#fence(member)
    return { memberId: member.id, memberEpoch, heartbeatIntervalMs: 0, assignment: null }
  }

  isSubscribedTo(topic: string): boolean {
    const id = this.#options.topics.topic(topic)?.id ?? ''
    return this.#topics.partitionCounts.has(id) && this.#membership.size > 0
  }

  get(memberId: string): ConsumerMember | undefined {
    return this.#membership.get(memberId)
  }

  /** The coordinator moves away: no timer runs meanwhile. */
  suspend(): void {
    for (const member of this.members) member.cancelTimers()
  }

  /** The new coordinator has loaded the group: every session starts afresh. */
  resume(): void {
    for (const member of this.members) {
      this.#restartSession(member)
      this.#watchRevocation(member)
    }
  }

  /** Deleted, or the cluster ends. */
  end(): void {
    this.suspend()
    this.#isDead = true
  }

  /** Whether topics that are read have come, gone or grown since the last assignment. */
  #topicsHaveChanged(): boolean {
    const { topics } = this.#options
    if (topics.topicsVersion === this.#topicsVersion) return false
    this.#topicsVersion = topics.topicsVersion
    return !isSameTopics(this.#topics.partitionCounts, subscribedTopics(this.members, topics).partitionCounts)
  }

  #assign(): void {
    this.#topics = subscribedTopics(this.members, this.#options.topics)
    const { ids, partitionCounts } = this.#topics
    const assign = assignors.get(this.assignor) as Assignor
    const assignment = assign(
      this.members.map((member) => ({ id: member.id, topicIds: ids.get(member) ?? new Set(), target: member.target })),
      partitionCounts,
    )
    for (const member of this.members) member.target = assignment.get(member.id) ?? new Set()
    this.#assignmentEpoch = this.#epoch
  }

  #advance(member: ConsumerMember, owned: ReadonlySet<PartitionKey> | null): void {
    const target = { epoch: this.#assignmentEpoch, partitions: member.target }
    const others = this.members.filter((other) => other !== member)
    const isTaken = (key: PartitionKey): boolean => others.some((other) => other.holds(key))
    const next = reconcile(member.progress, target, owned, isTaken)
    if (next === member.progress) return
    member.progress = next
    this.#watchRevocation(member)
  }

  /** Who does not give back in time is out. Each new demand starts the time anew. */
  #watchRevocation(member: ConsumerMember): void {
    member.cancelRevocation()
    if (member.progress.state !== 'UnrevokedPartitions') return
    member.cancelRevocation = this.#options.clock.schedule(member.rebalanceTimeoutMs, () => this.#fence(member))
  }

  #restartSession(member: ConsumerMember): void {
    member.cancelSession()
    member.cancelSession = this.#options.clock.schedule(this.#options.sessionTimeoutMs, () => this.#fence(member))
  }

  /** The member is out. What it had is given to others as soon as one of them is heard. */
  #fence(member: ConsumerMember): void {
    this.#forget(member)
    this.#epoch += 1
  }

  #forget(member: ConsumerMember): void {
    member.cancelTimers()
    this.#membership.remove(member)
  }
}

function isSame(one: ReadonlyMap<PartitionKey, number>, other: ReadonlyMap<PartitionKey, number>): boolean {
  return one.size === other.size && [...one].every(([key, epoch]) => other.get(key) === epoch)
}
