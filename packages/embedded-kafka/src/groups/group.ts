/**
 * The classic group protocol for one group: which generation it is, and who waits for whom.
 *
 *   Empty ──join──▶ PreparingRebalance ──all joined or time is up──▶ CompletingRebalance ──leader syncs──▶ Stable
 *                        ▲                                                  │                                │
 *                        └────────────── somebody joins, leaves or expires ─┴────────────────────────────────┘
 */
import type { Clock } from '../cluster/clock.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { type JoinRequest, type JoinResult, Member, newMemberId, refusedJoin, type SyncResult } from './member.ts'
import { selectProtocol, supportsAny } from './protocol-selection.ts'
import { RebalanceTimer } from './rebalance-timer.ts'
import { type Identity, Roster } from './roster.ts'
import { subscribedTopics } from './subscription.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

/** Who speaks: what every request after the join carries. */
export interface Speaker extends Identity {
  readonly generationId: number
}

export interface GroupOptions {
  readonly clock: Clock
  /** How long a group that was empty waits for more members. */
  readonly initialRebalanceDelayMs: number
}

const nothing = Buffer.alloc(0)

export class Group {
  readonly type = 'classic'
  readonly id: string
  readonly offsets: CommittedOffsets
  readonly #options: GroupOptions
  readonly #roster = new Roster()
  #state: GroupState = 'Empty'
  #generationId = 0
  #protocolType = ''
  #protocolName = ''
  #awaitingSync = new Set<Member>()
  readonly #timer: RebalanceTimer

  constructor(id: string, options: GroupOptions, offsets: CommittedOffsets = new CommittedOffsets()) {
    this.id = id
    this.offsets = offsets
    this.#options = options
    this.#timer = new RebalanceTimer(options.clock)
  }

  get state(): GroupState {
    return this.#state
  }

  get generationId(): number {
    return this.#generationId
  }

  get protocolType(): string {
    return this.#protocolType
  }

  get protocolName(): string {
    return this.#protocolName
  }

  get members(): readonly Member[] {
    return this.#roster.members
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { memberId } = request
    if (!this.#accepts(request)) return refusedJoin('INCONSISTENT_GROUP_PROTOCOL', memberId)
    if (memberId === '') return this.#joinAsNew(request)
    if (this.#roster.isPromised(memberId)) return this.#admit(memberId, request)

    const fault = this.#roster.identityFault(request)
    const member = this.#roster.get(memberId)
    if (fault || !member) return refusedJoin(fault ?? 'UNKNOWN_MEMBER_ID', memberId)
    return this.#joinAgain(member, request)
  }

  sync(speaker: Speaker, assignments: ReadonlyMap<string, Buffer>): Promise<SyncResult> {
    const { promise, resolve } = Promise.withResolvers<SyncResult>()
    const fault = this.#speakerFault(speaker)
    const member = this.#roster.get(speaker.memberId)
    if (fault || !member) resolve({ error: fault ?? 'UNKNOWN_MEMBER_ID', assignment: nothing })
    else if (this.#state === 'PreparingRebalance') resolve({ error: 'REBALANCE_IN_PROGRESS', assignment: nothing })
    else {
      this.#awaitingSync.delete(member)
      member.answerSync = resolve
      if (this.#state === 'Stable') this.#answerSyncs()
      else if (member.id === this.#roster.leaderId) this.#completeRebalance(assignments)
    }
    return promise
  }

  heartbeat(speaker: Speaker): ErrorName {
    const fault = this.#speakerFault(speaker)
    if (fault) return fault
    this.#touch(speaker.memberId)
    return this.#state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  leave({ memberId, groupInstanceId }: Identity): ErrorName {
    if (this.#roster.isPromised(memberId)) {
      this.#roster.takeBackPromise(memberId)
      this.#completeJoinIfAllAreHere()
      return 'NONE'
    }
    // An administrator may remove a static member by its instance id alone.
    const byInstance = memberId === '' ? this.#roster.staticMember(groupInstanceId) : undefined
    const fault = byInstance ? undefined : this.#roster.identityFault({ memberId, groupInstanceId })
    const member = byInstance ?? this.#roster.get(memberId)
    if (fault || !member) return fault ?? 'UNKNOWN_MEMBER_ID'
    this.#remove(member)
    return 'NONE'
  }

  /** Whether a member reads the topic, as far as its metadata tell. */
  isSubscribedTo(topic: string): boolean {
    return this.members.some((member) => subscribedTopics(member.metadataFor(this.#protocolName)).includes(topic))
  }

  /** Why a commit may not be stored, if so. A negative generation comes from a client outside of group management. */
  commitFault(speaker: Speaker): ErrorName | undefined {
    if (speaker.generationId < 0 && this.#state === 'Empty') return undefined
    const fault = this.#speakerFault(speaker)
    if (fault) return fault
    if (this.#state === 'CompletingRebalance') return 'REBALANCE_IN_PROGRESS'
    this.#touch(speaker.memberId)
    return undefined
  }

  /** The same for a commit of a member within a transaction, which a rebalance does not keep from being stored. */
  transactionalCommitFault(speaker: Speaker): ErrorName | undefined {
    return speaker.generationId < 0 && this.#state === 'Empty' ? undefined : this.#speakerFault(speaker)
  }

  /** The coordinator moves away: whoever waits is told to look for the new one, and no timer runs meanwhile. */
  suspend(error: ErrorName): void {
    this.#timer.cancel()
    this.#roster.takeBackAllPromises()
    for (const member of this.members) member.dismiss(error)
  }

  /** The new coordinator has loaded the group: every session starts afresh. */
  resume(): void {
    for (const member of this.members) this.#touch(member.id)
    if (this.#state === 'PreparingRebalance') this.#startJoinDeadline()
    if (this.#state === 'CompletingRebalance') this.#startSyncDeadline()
  }

  /** Deleted, or the cluster ends. */
  end(): void {
    this.suspend('COORDINATOR_NOT_AVAILABLE')
    this.#state = 'Dead'
  }

  #accepts({ protocolType, protocols }: JoinRequest): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    if (this.#roster.size === 0) return true
    return protocolType === this.#protocolType && supportsAny(this.members, protocols)
  }

  #joinAsNew(request: JoinRequest): JoinResult | Promise<JoinResult> {
    const memberId = newMemberId(request)
    const predecessor = this.#roster.staticMember(request.groupInstanceId)
    if (predecessor) return this.#replaceStatic(predecessor, memberId, request)
    if (!request.canAskAgain || request.groupInstanceId !== null) return this.#admit(memberId, request)

    // The client must come back with the id: one whose answer was lost would otherwise stay behind as a dead member.
    const forget = this.#options.clock.schedule(request.sessionTimeoutMs, () => {
      this.#roster.takeBackPromise(memberId)
      this.#completeJoinIfAllAreHere()
    })
    this.#roster.promiseId(memberId, forget)
    return refusedJoin('MEMBER_ID_REQUIRED', memberId)
  }

  #admit(memberId: string, request: JoinRequest): Promise<JoinResult> {
    this.#roster.takeBackPromise(memberId)
    if (this.#roster.size === 0) this.#protocolType = request.protocolType
    const member = new Member(memberId, request)
    this.#roster.add(member)
    return this.#rebalanceWith(member)
  }

  #joinAgain(member: Member, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const isLeader = member.id === this.#roster.leaderId
    const isCurrent = this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && !isLeader)
    // It missed the answer to its join, or has nothing new to say: it is told the present generation again.
    if (isCurrent && member.speaksLike(request.protocols)) return this.#joinedAs(member)
    member.update(request)
    return this.#rebalanceWith(member)
  }

  /** A static member restarted: it takes its predecessor's place under a new id, without a rebalance if it can be helped. */
  #replaceStatic(old: Member, memberId: string, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const leaderId = this.#roster.leaderId
    old.dismiss('FENCED_INSTANCE_ID')
    this.#awaitingSync.delete(old)
    const member = new Member(memberId, request)
    member.assignment = old.assignment
    this.#roster.replace(old, member)
    const keepsPlace = this.#state === 'Stable' && selectProtocol(this.members) === this.#protocolName
    if (!keepsPlace) return this.#rebalanceWith(member)
    this.#touch(member.id)
    if (request.canSkipAssignment) return { ...this.#joinedAs(member), skipAssignment: leaderId === old.id }
    // An older leader is told that its former self leads, or it would assign anew: it only wants to have back what it had.
    return { ...this.#joinedAs(member), leaderId, members: [] }
  }

  /** The member's answer waits until the others have joined too. */
  #rebalanceWith(member: Member): Promise<JoinResult> {
    const { promise, resolve } = Promise.withResolvers<JoinResult>()
    // A second JoinGroup of a member that waits already replaces the first, whose connection is usually gone.
    member.answerJoin = resolve
    this.#prepareRebalance()
    return promise
  }

  #remove(member: Member): void {
    member.dismiss('UNKNOWN_MEMBER_ID')
    this.#roster.remove(member)
    this.#awaitingSync.delete(member)
    this.#prepareRebalance()
  }

  #prepareRebalance(): void {
    if (this.#state === 'PreparingRebalance') {
      this.#completeJoinIfAllAreHere()
      return
    }
    const wasEmpty = this.#state === 'Empty'
    for (const member of this.members) {
      if (this.#state === 'CompletingRebalance') member.assignment = nothing
      member.synced('REBALANCE_IN_PROGRESS')
    }
    this.#awaitingSync.clear()
    this.#state = 'PreparingRebalance'
    const delayMs = this.#options.initialRebalanceDelayMs
    const { rebalanceTimeoutMs } = this.#roster
    if (wasEmpty && delayMs > 0)
      this.#timer.gather(
        delayMs,
        rebalanceTimeoutMs,
        () => this.#roster.size,
        () => this.#completeJoin(),
      )
    else this.#startJoinDeadline()
    this.#completeJoinIfAllAreHere()
  }

  #startJoinDeadline(): void {
    this.#timer.restart(this.#roster.rebalanceTimeoutMs, () => this.#completeJoin())
  }

  #startSyncDeadline(): void {
    this.#timer.restart(this.#roster.rebalanceTimeoutMs, () => {
      // Collected first: the first removal begins a rebalance, after which nobody is awaited any more.
      const late = this.members.filter((member) => this.#awaitingSync.has(member))
      for (const member of late) this.#remove(member)
    })
  }

  #completeJoinIfAllAreHere(): void {
    if (this.#state !== 'PreparingRebalance' || this.#timer.isGathering || this.#roster.hasPromisedIds) return
    if (this.members.every((member) => member.answerJoin)) this.#completeJoin()
  }

  #completeJoin(): void {
    this.#timer.cancel()
    for (const member of this.members)
      if (!member.answerJoin && member.groupInstanceId === null) {
        member.cancelSession()
        this.#roster.remove(member)
      }
    this.#generationId += 1
    if (this.#roster.size === 0) {
      this.#state = 'Empty'
      this.#protocolName = ''
      return
    }
    this.#roster.electLeader()
    this.#protocolName = selectProtocol(this.members)
    this.#state = 'CompletingRebalance'
    this.#awaitingSync = new Set(this.members)
    this.#startSyncDeadline()
    for (const member of this.members) {
      this.#touch(member.id)
      member.joined(this.#joinedAs(member))
    }
  }

  #completeRebalance(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    for (const member of this.members) member.assignment = assignments.get(member.id) ?? nothing
    this.#answerSyncs()
  }

  #answerSyncs(): void {
    if (this.#awaitingSync.size === 0) this.#timer.cancel()
    for (const member of this.members) {
      if (!member.answerSync) continue
      this.#touch(member.id)
      member.synced('NONE', member.assignment)
    }
  }

  #joinedAs(member: Member): JoinResult {
    const isLeader = member.id === this.#roster.leaderId
    return {
      error: 'NONE',
      generationId: this.#generationId,
      protocolType: this.#protocolType,
      protocolName: this.#protocolName,
      leaderId: this.#roster.leaderId,
      skipAssignment: false,
      memberId: member.id,
      members: isLeader
        ? this.members.map((each) => ({
            memberId: each.id,
            groupInstanceId: each.groupInstanceId,
            metadata: each.metadataFor(this.#protocolName),
          }))
        : [],
    }
  }

  /** A sign of life: the session starts anew. Who waits for an answer cannot expire, and gets a new session with it. */
  #touch(memberId: string): void {
    const member = this.#roster.get(memberId)
    if (!member) return
    member.cancelSession()
    member.cancelSession = this.#options.clock.schedule(member.sessionTimeoutMs, () => {
      if (!member.isWaiting) this.#remove(member)
    })
  }

  #speakerFault(speaker: Speaker): ErrorName | undefined {
    const fault = this.#roster.identityFault(speaker)
    if (fault) return fault
    return speaker.generationId === this.#generationId ? undefined : 'ILLEGAL_GENERATION'
  }
}
