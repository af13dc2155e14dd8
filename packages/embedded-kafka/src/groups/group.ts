/** The classic group protocol for one group: what each request of a member means in the phase that the group is in. */
import type { ErrorName } from '../protocol/error-codes.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { type JoinRequest, type JoinResult, Member, newMemberId, refusedJoin, type SyncResult } from './member.ts'
import { type GroupOptions, type GroupState, Phases } from './phases.ts'
import { believesOtherwise, type Protocol, selectProtocol, supportsAny } from './protocol-selection.ts'
import type { Identity, Roster } from './roster.ts'

/** Who speaks: what every request after the join carries. */
export interface Speaker extends Identity {
  readonly generationId: number
}

const nothing = Buffer.alloc(0)

export class Group {
  readonly type = 'classic'
  readonly id: string
  readonly offsets: CommittedOffsets
  readonly #clock: GroupOptions['clock']
  readonly #phases: Phases
  readonly #roster: Roster

  constructor(id: string, options: GroupOptions, offsets: CommittedOffsets = new CommittedOffsets()) {
    this.id = id
    this.offsets = offsets
    this.#clock = options.clock
    this.#phases = new Phases(options)
    this.#roster = this.#phases.roster
  }

  get state(): GroupState {
    return this.#phases.state
  }

  get generationId(): number {
    return this.#phases.generationId
  }

  get protocolType(): string {
    return this.#phases.protocolType
  }

  get protocolName(): string {
    return this.#phases.protocolName
  }

  get members(): readonly Member[] {
    return this.#roster.members
  }

  async join(request: JoinRequest): Promise<JoinResult> {
    const { memberId } = request
    if (!this.#accepts(request)) return refusedJoin('INCONSISTENT_GROUP_PROTOCOL', memberId)
    if (memberId === '') return this.#joinAsNew(request)
    if (this.#roster.isPromised(memberId))
      // Ids are promised to dynamic members only. Kafka knows no better error for a static one that has got hold of one.
      return request.groupInstanceId === null ? this.#admit(memberId, request) : refusedJoin('UNKNOWN_SERVER_ERROR', '')

    const fault = this.#roster.identityFault(request)
    const member = this.#roster.get(memberId)
    if (fault || !member) return refusedJoin(fault ?? 'UNKNOWN_MEMBER_ID', memberId)
    return this.#joinAgain(member, request)
  }

  sync(speaker: Speaker & Protocol, assignments: ReadonlyMap<string, Buffer>): Promise<SyncResult> {
    const { promise, resolve } = Promise.withResolvers<SyncResult>()
    const fault = this.#speakerFault(speaker)
    const member = this.#roster.get(speaker.memberId)
    if (fault || !member) resolve({ error: fault ?? 'UNKNOWN_MEMBER_ID', assignment: nothing })
    else if (believesOtherwise(speaker, this)) resolve({ error: 'INCONSISTENT_GROUP_PROTOCOL', assignment: nothing })
    else if (this.state === 'PreparingRebalance') resolve({ error: 'REBALANCE_IN_PROGRESS', assignment: nothing })
    else this.#phases.sync(member, assignments, resolve)
    return promise
  }

  heartbeat(speaker: Speaker): ErrorName {
    const fault = this.#speakerFault(speaker)
    if (fault) return fault
    this.#phases.touch(speaker.memberId)
    return this.state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  /** Each in turn, and then the others begin anew once: nobody of those who leave together hears of a generation in between. */
  leave(identities: readonly Identity[]): readonly ErrorName[] {
    const errors = identities.map((identity) => this.#leave(identity))
    if (errors.includes('NONE')) this.#phases.beginAnew()
    return errors
  }

  isSubscribedTo(topic: string): boolean {
    return this.#phases.isSubscribedTo(topic)
  }

  /** Why a commit may not be stored, if so. A negative generation comes from a client outside of group management. */
  commitFault(speaker: Speaker): ErrorName | undefined {
    if (speaker.generationId < 0 && this.state === 'Empty') return undefined
    const fault = this.#speakerFault(speaker)
    if (fault) return fault
    if (this.state === 'CompletingRebalance') return 'REBALANCE_IN_PROGRESS'
    this.#phases.touch(speaker.memberId)
    return undefined
  }

  /** The same for a commit of a member within a transaction, which a rebalance does not keep from being stored. */
  transactionalCommitFault(speaker: Speaker): ErrorName | undefined {
    return speaker.generationId < 0 && this.state === 'Empty' ? undefined : this.#speakerFault(speaker)
  }

  suspend(error: ErrorName): void {
    this.#phases.suspend(error)
  }

  resume(): void {
    this.#phases.resume()
  }

  end(): void {
    this.#phases.end()
  }

  #accepts({ protocolType, protocols }: JoinRequest): boolean {
    if (protocolType === '' || protocols.length === 0) return false
    if (this.state === 'Empty') return true
    return protocolType === this.protocolType && supportsAny(this.members, protocols)
  }

  #joinAsNew(request: JoinRequest): JoinResult | Promise<JoinResult> {
    const memberId = newMemberId(request)
    const predecessor = this.#roster.staticMember(request.groupInstanceId)
    if (predecessor) return this.#replaceStatic(predecessor, memberId, request)
    if (!request.canAskAgain || request.groupInstanceId !== null) return this.#admit(memberId, request)

    // The client must come back with the id: one whose answer was lost would otherwise stay behind as a dead member.
    const forget = this.#clock.schedule(request.sessionTimeoutMs, () => {
      this.#roster.takeBackPromise(memberId)
      this.#phases.completeJoinIfAllAreHere()
    })
    this.#roster.promiseId(memberId, forget)
    return refusedJoin('MEMBER_ID_REQUIRED', memberId)
  }

  #admit(memberId: string, request: JoinRequest): Promise<JoinResult> {
    this.#roster.takeBackPromise(memberId)
    if (this.#roster.size === 0) this.#phases.protocolType = request.protocolType
    const member = new Member(memberId, request)
    this.#roster.add(member)
    return this.#phases.rejoin(member)
  }

  #joinAgain(member: Member, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const isLeader = member.id === this.#roster.leaderId
    const isCurrent = this.state === 'CompletingRebalance' || (this.state === 'Stable' && !isLeader)
    // It missed the answer to its join, or has nothing new to say: it is told the present generation again.
    if (isCurrent && member.speaksLike(request.protocols)) return this.#phases.joinedAs(member)
    member.update(request)
    return this.#phases.rejoin(member)
  }

  /** A static member restarted: it takes its predecessor's place under a new id, without a rebalance if it can be helped. */
  #replaceStatic(old: Member, memberId: string, request: JoinRequest): JoinResult | Promise<JoinResult> {
    const leaderId = this.#roster.leaderId
    const member = new Member(memberId, request)
    member.assignment = old.assignment
    this.#phases.replace(old, member)
    const keepsPlace = this.state === 'Stable' && selectProtocol(this.members) === this.protocolName
    if (!keepsPlace) return this.#phases.rejoin(member)
    this.#phases.touch(member.id)
    if (request.canSkipAssignment) return { ...this.#phases.joinedAs(member), skipAssignment: leaderId === old.id }
    // An older leader is told that its former self leads, or it would assign anew: it only wants to have back what it had.
    return { ...this.#phases.joinedAs(member), leaderId, members: [] }
  }

  #leave({ memberId, groupInstanceId }: Identity): ErrorName {
    if (this.#roster.isPromised(memberId)) {
      this.#roster.takeBackPromise(memberId)
      return 'NONE'
    }
    // An administrator may remove a static member by its instance id alone.
    const byInstance = memberId === '' ? this.#roster.staticMember(groupInstanceId) : undefined
    const fault = byInstance ? undefined : this.#roster.identityFault({ memberId, groupInstanceId })
    const member = byInstance ?? this.#roster.get(memberId)
    if (fault || !member) return fault ?? 'UNKNOWN_MEMBER_ID'
    this.#phases.drop(member)
    return 'NONE'
  }

  #speakerFault(speaker: Speaker): ErrorName | undefined {
    const fault = this.#roster.identityFault(speaker)
    if (fault) return fault
    return speaker.generationId === this.generationId ? undefined : 'ILLEGAL_GENERATION'
  }
}
