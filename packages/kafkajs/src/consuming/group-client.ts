import type { CommitRequest, GroupOptions, TopicPartition } from '@tributary/event-bus'
import type { Api } from '../wire/api.ts'
import { describeGroups, heartbeat, joinGroup, leaveGroup, offsetCommit, offsetFetch, syncGroup } from '../wire/apis.ts'
import type { Cluster, Purpose } from '../wire/cluster.ts'
import { code, LinkError } from '../wire/failures.ts'
import { byTopic } from '../wire/list-offsets.ts'
import type { Member } from './assignor.ts'
import { groupError } from './group-errors.ts'
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  PROTOCOL_NAME,
  type Subscription,
} from './group-protocol.ts'

export interface JoinedGroup {
  readonly memberId: string
  readonly generation: number
  readonly leaderId: string
  /** Everybody, when this member leads and must assign; else null. */
  readonly members: readonly Member[] | null
}

/** A group as the coordinator describes it. */
export interface DescribedGroup {
  readonly memberIds: ReadonlySet<string>
  /** How many partitions of each topic that members read the present generation gives to anybody. */
  readonly assignedCounts: ReadonlyMap<string, number>
}

/** Who we are to the coordinator, in one generation. */
export interface MemberIdentity {
  readonly memberId: string
  readonly generation: number
}

const coordinatorGone: ReadonlySet<number> = new Set([
  code.coordinatorLoading,
  code.coordinatorNotAvailable,
  code.notCoordinator,
])

/** The requests of one group to its coordinator, wherever that is at the moment. Throws what {@link groupError} makes of an error code. */
export class GroupClient {
  readonly #cluster: Cluster
  readonly #options: GroupOptions
  readonly #instanceId: string | null

  constructor(cluster: Cluster, options: GroupOptions) {
    this.#cluster = cluster
    this.#options = options
    this.#instanceId = options.instanceId ?? null
  }

  get group(): string {
    return this.#options.group
  }

  /** Answers when all members have joined. A first attempt without a member id is given one by the coordinator and repeated with it. */
  async join(
    memberId: string,
    subscription: Subscription,
    onMemberId: (memberId: string) => void,
  ): Promise<JoinedGroup> {
    const { group, sessionTimeoutMs, rebalanceTimeoutMs } = this.#options
    const answer = await this.#call(
      'group',
      joinGroup,
      {
        groupId: group,
        sessionTimeout: sessionTimeoutMs,
        rebalanceTimeout: rebalanceTimeoutMs,
        memberId,
        groupInstanceId: this.#instanceId,
        protocolType: 'consumer',
        groupProtocols: [{ name: PROTOCOL_NAME, metadata: encodeSubscription(subscription) }],
      },
      rebalanceTimeoutMs + this.#cluster.settings.requestTimeoutMs,
    )
    if (answer.errorCode === code.memberIdRequired) {
      onMemberId(answer.memberId)
      return this.join(answer.memberId, subscription, onMemberId)
    }
    this.#check(answer.errorCode, 'joining')
    const isLeader = answer.leaderId === answer.memberId
    return {
      memberId: answer.memberId,
      generation: answer.generationId,
      leaderId: answer.leaderId,
      members: isLeader
        ? answer.members.map((member) => ({ memberId: member.memberId, ...decodeSubscription(member.memberMetadata) }))
        : null,
    }
  }

  /** Answers with what this member shall own when the leader has said it; only the leader gives `assignments`. */
  async sync(
    { memberId, generation }: MemberIdentity,
    assignments: ReadonlyMap<string, readonly TopicPartition[]>,
  ): Promise<TopicPartition[]> {
    const answer = await this.#call(
      'group',
      syncGroup,
      {
        groupId: this.#options.group,
        generationId: generation,
        memberId,
        groupInstanceId: this.#instanceId,
        groupAssignment: [...assignments].map(([id, partitions]) => ({
          memberId: id,
          memberAssignment: encodeAssignment(partitions),
        })),
      },
      this.#options.rebalanceTimeoutMs + this.#cluster.settings.requestTimeoutMs,
    )
    this.#check(answer.errorCode, 'waiting for the assignment')
    return decodeAssignment(answer.memberAssignment)
  }

  /**
   * Resolves with the code where that is no more than "the group rebalances".
   *
   * @param purpose the connection: beside a join that is held, the group's own is taken
   */
  async heartbeat({ memberId, generation }: MemberIdentity, purpose: 'group' | 'commit' = 'group'): Promise<number> {
    const answer = await this.#call(purpose, heartbeat, {
      groupId: this.#options.group,
      groupGenerationId: generation,
      memberId,
      groupInstanceId: this.#instanceId,
    })
    if (answer.errorCode !== code.rebalanceInProgress) this.#check(answer.errorCode, 'heartbeat')
    return answer.errorCode
  }

  /** Null while the group rebalances. */
  async describe(): Promise<DescribedGroup | null> {
    const answer = await this.#call('commit', describeGroups, { groupIds: [this.#options.group] })
    const [group] = answer.groups
    this.#check(group?.errorCode ?? code.none, 'looking at its members')
    if (group?.state !== 'Stable') return null
    const topics = group.members.flatMap(({ memberMetadata }) => decodeSubscription(memberMetadata).topics)
    const counts = new Map(topics.map((topic) => [topic, 0]))
    for (const { topic } of group.members.flatMap(({ memberAssignment }) => decodeAssignment(memberAssignment)))
      counts.set(topic, (counts.get(topic) ?? 0) + 1)
    return { memberIds: new Set(group.members.map(({ memberId }) => memberId)), assignedCounts: counts }
  }

  /** A static member does not leave: that is what lets it come back without a rebalance. */
  async leave(memberId: string): Promise<void> {
    if (memberId === '' || this.#instanceId !== null) return
    // Not behind a join that may be waiting on the group's own connection.
    await this.#call('commit', leaveGroup, { groupId: this.#options.group, memberId })
  }

  /** Error codes by partition are left to the caller. */
  async commit({ memberId, generation }: MemberIdentity, requests: readonly CommitRequest[], timeoutMs: number) {
    const answer = await this.#call(
      'commit',
      offsetCommit,
      {
        groupId: this.#options.group,
        groupGenerationId: generation,
        memberId,
        topics: byTopic(requests, ({ partition, nextOffset, metadata }) => ({
          partition,
          offset: String(nextOffset),
          metadata,
        })),
      },
      timeoutMs,
    )
    const answers = answer.responses.flatMap(({ topic, partitions }) => partitions.map((each) => ({ topic, ...each })))
    if (answers.some(({ errorCode }) => coordinatorGone.has(errorCode)))
      this.#cluster.forgetCoordinator(this.#options.group)
    return answers
  }

  /** @throws {BrokerError} when any partition cannot be read. */
  async committed(partitions: readonly TopicPartition[]) {
    const answer = await this.#call('commit', offsetFetch, {
      groupId: this.#options.group,
      topics: byTopic(partitions, ({ partition }) => ({ partition })),
    })
    this.#check(answer.errorCode, 'reading committed offsets')
    const answers = answer.responses.flatMap(({ topic, partitions: each }) => each.map((one) => ({ topic, ...one })))
    for (const { errorCode } of answers) this.#check(errorCode, 'reading committed offsets')
    return answers
  }

  async #call<Args, Answer>(
    purpose: Purpose,
    api: Api<Args, Answer>,
    args: Args,
    timeoutMs: number = this.#cluster.settings.requestTimeoutMs,
  ): Promise<Answer> {
    const link = await this.#cluster.coordinatorLink(this.#options.group, purpose)
    try {
      return await link.call(api, args, timeoutMs)
    } catch (error) {
      if (error instanceof LinkError) this.#cluster.forgetCoordinator(this.#options.group)
      throw error
    }
  }

  #check(errorCode: number, doing: string): void {
    if (errorCode === code.none) return
    if (coordinatorGone.has(errorCode)) this.#cluster.forgetCoordinator(this.#options.group)
    throw groupError(errorCode, this.#options.group, doing)
  }
}
