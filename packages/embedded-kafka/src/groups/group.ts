/**
 * The classic group protocol for one group: who is a member, which generation it is, and who waits for whom.
 *
 *   Empty ──join──▶ PreparingRebalance ──all joined or time is up──▶ CompletingRebalance ──leader syncs──▶ Stable
 *                        ▲                                                  │                                │
 *                        └────────────── somebody joins, leaves or expires ─┴────────────────────────────────┘
 *
 * Answers that wait (JoinGroup for the other members, SyncGroup for the leader) are kept in the member as functions.
 */
import type { Clock } from '../cluster/clock.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { CommittedOffsets } from './committed-offsets.ts'
import { type JoinResult, type Member, type MemberProtocol, type SyncResult, speaksSame } from './member.ts'
import { selectProtocol, supportsAny } from './protocol-selection.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface JoinRequest {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly clientId: string
  readonly clientHost: string
  readonly sessionTimeoutMs: number
  readonly rebalanceTimeoutMs: number
  readonly protocolType: string
  readonly protocols: readonly MemberProtocol[]
  /** Whether the client can come back with the id it is given (JoinGroup 4 and later). */
  readonly canAskAgain: boolean
}

/** Who speaks: what every request after the join carries. */
export interface Speaker {
  readonly memberId: string
  readonly groupInstanceId: string | null
  readonly generationId: number
}

export interface GroupOptions {
  readonly clock: Clock
  readonly initialRebalanceDelayMs: number
}

const nothing = Buffer.alloc(0)
const noTimer = (): void => {}

export class Group {
  readonly id: string
  readonly offsets: CommittedOffsets = new CommittedOffsets()
  readonly #options: GroupOptions
  readonly #members = new Map<string, Member>()
  /** Ids that were given out and have not come back yet. */
  readonly #promisedIds = new Map<string, () => void>()
  #state: GroupState = 'Empty'
  #generationId = 0
  #protocolType = ''
  #protocolName = ''
  #leaderId = ''
  #awaitingSync = new Set<Member>()
  #isInitialDelay = false
  #cancelDeadline: () => void = noTimer

  constructor(id: string, options: GroupOptions) {
    this.id = id
    this.#options = options
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
    return [...this.#members.values()]
  }

  join(request: JoinRequest): Promise<JoinResult> {
    const { promise, resolve } = Promise.withResolvers<JoinResult>()
    const refuse = (error: ErrorName, memberId = request.memberId): Promise<JoinResult> => {
      resolve(refusedJoin(error, memberId))
      return promise
    }
    if (!this.#accepts(request)) return refuse('INCONSISTENT_GROUP_PROTOCOL')

    const fault = this.#identityFault(request)
    if (fault && request.memberId !== '' && !this.#promisedIds.has(request.memberId)) return refuse(fault)

    const known = this.#members.get(request.memberId)
    if (known) {
      this.#rejoin(known, request, resolve)
      return promise
    }
    const predecessor = this.#staticMember(request.groupInstanceId)
    if (predecessor) {
      this.#replaceStatic(predecessor, request, resolve)
      return promise
    }
    if (request.memberId === '' && request.canAskAgain && request.groupInstanceId === null) {
      const memberId = newMemberId(request)
      this.#promiseId(memberId, request.sessionTimeoutMs)
      return refuse('MEMBER_ID_REQUIRED', memberId)
    }
    this.#takeBackPromise(request.memberId)
    const member = this.#addMember(request.memberId || newMemberId(request), request)
    member.answerJoin = resolve
    this.#prepareRebalance()
    return promise
  }

  sync(speaker: Speaker, assignments: ReadonlyMap<string, Buffer>): Promise<SyncResult> {
    const { promise, resolve } = Promise.withResolvers<SyncResult>()
    const fault = this.#speakerFault(speaker)
    const member = this.#members.get(speaker.memberId)
    if (fault || !member) {
      resolve({ error: fault ?? 'UNKNOWN_MEMBER_ID', assignment: nothing })
    } else if (this.#state === 'PreparingRebalance') {
      resolve({ error: 'REBALANCE_IN_PROGRESS', assignment: nothing })
    } else if (this.#state === 'Stable') {
      this.#awaitingSync.delete(member)
      if (this.#awaitingSync.size === 0) this.#cancelDeadline()
      this.#touch(member)
      resolve({ error: 'NONE', assignment: member.assignment })
    } else {
      this.#awaitingSync.delete(member)
      member.answerSync = resolve
      if (member.id === this.#leaderId) this.#completeRebalance(assignments)
    }
    return promise
  }

  heartbeat(speaker: Speaker): ErrorName {
    const fault = this.#speakerFault(speaker)
    const member = this.#members.get(speaker.memberId)
    if (fault || !member) return fault ?? 'UNKNOWN_MEMBER_ID'
    this.#touch(member)
    return this.#state === 'PreparingRebalance' ? 'REBALANCE_IN_PROGRESS' : 'NONE'
  }

  leave(memberId: string, groupInstanceId: string | null): ErrorName {
    const byInstance = memberId === '' ? this.#staticMember(groupInstanceId) : undefined
    if (this.#promisedIds.has(memberId)) {
      this.#takeBackPromise(memberId)
      this.#completeJoinIfAllAreHere()
      return 'NONE'
    }
    const fault = byInstance ? undefined : this.#identityFault({ memberId, groupInstanceId })
    const member = byInstance ?? this.#members.get(memberId)
    if (fault || !member) return fault ?? 'UNKNOWN_MEMBER_ID'
    this.#remove(member)
    return 'NONE'
  }

  /** Whether a commit may be stored. A negative generation comes from a client outside of group management. */
  commitFault(speaker: Speaker): ErrorName | undefined {
    if (speaker.generationId < 0 && this.#state === 'Empty') return undefined
    const isAnonymous = speaker.generationId < 0 && speaker.memberId === '' && speaker.groupInstanceId === null
    if (isAnonymous) return 'UNKNOWN_MEMBER_ID'
    const fault = this.#speakerFault(speaker)
    if (fault) return fault
    if (this.#state === 'CompletingRebalance') return 'REBALANCE_IN_PROGRESS'
    const member = this.#members.get(speaker.memberId)
    if (member) this.#touch(member)
    return undefined
  }

  /** The coordinator moves away: whoever waits is told to look for the new one, and no timer runs meanwhile. */
  suspend(error: ErrorName): void {
    this.#cancelDeadline()
    for (const member of this.#members.values()) {
      member.cancelSession()
      answerJoin(member, refusedJoin(error, member.id))
      answerSync(member, { error, assignment: nothing })
    }
  }

  /** The new coordinator has loaded the group: every session starts afresh. */
  resume(): void {
    for (const member of this.#members.values()) this.#touch(member)
    if (this.#state === 'PreparingRebalance') this.#startJoinDeadline()
    if (this.#state === 'CompletingRebalance') this.#startSyncDeadline()
  }

  /** Deleted, or the broker stops for good. */
  end(): void {
    this.suspend('COORDINATOR_NOT_AVAILABLE')
    for (const memberId of [...this.#promisedIds.keys()]) this.#takeBackPromise(memberId)
    this.#state = 'Dead'
  }

  #accepts(request: JoinRequest): boolean {
    if (request.protocolType === '' || request.protocols.length === 0) return false
    if (this.#members.size === 0) return true
    return request.protocolType === this.#protocolType && supportsAny(this.members, request.protocols)
  }

  #rejoin(member: Member, request: JoinRequest, answer: (result: JoinResult) => void): void {
    const isSame = speaksSame(member, request.protocols)
    const isCurrent =
      this.#state === 'CompletingRebalance' || (this.#state === 'Stable' && member.id !== this.#leaderId)
    if (isSame && isCurrent) {
      // It missed the answer to its join, or has nothing new to say: it is told the present generation again.
      answer(this.#joined(member))
      return
    }
    member.protocols = request.protocols
    member.sessionTimeoutMs = request.sessionTimeoutMs
    member.rebalanceTimeoutMs = request.rebalanceTimeoutMs
    // A second JoinGroup of a member that waits already replaces the first, whose connection is usually gone.
    member.answerJoin = answer
    this.#prepareRebalance()
  }

  /** A static member restarted: it takes its predecessor's place under a new id, without a rebalance if it can be helped. */
  #replaceStatic(old: Member, request: JoinRequest, answer: (result: JoinResult) => void): void {
    old.cancelSession()
    answerJoin(old, refusedJoin('FENCED_INSTANCE_ID', old.id))
    answerSync(old, { error: 'FENCED_INSTANCE_ID', assignment: nothing })
    this.#members.delete(old.id)
    this.#awaitingSync.delete(old)
    const member = this.#addMember(newMemberId(request), request)
    member.assignment = old.assignment
    if (this.#leaderId === old.id) this.#leaderId = member.id
    const keepsPlace = this.#state === 'Stable' && selectProtocol(this.members) === this.#protocolName
    if (keepsPlace) {
      this.#touch(member)
      answer({ ...this.#joined(member), leaderId: old.id === this.#leaderId ? old.id : this.#leaderId, members: [] })
      return
    }
    member.answerJoin = answer
    this.#prepareRebalance()
  }

  #addMember(id: string, request: JoinRequest): Member {
    if (this.#members.size === 0) this.#protocolType = request.protocolType
    const member: Member = {
      id,
      groupInstanceId: request.groupInstanceId,
      clientId: request.clientId,
      clientHost: request.clientHost,
      sessionTimeoutMs: request.sessionTimeoutMs,
      rebalanceTimeoutMs: request.rebalanceTimeoutMs,
      protocols: request.protocols,
      assignment: nothing,
      answerJoin: undefined,
      answerSync: undefined,
      cancelSession: noTimer,
    }
    this.#members.set(id, member)
    if (this.#leaderId === '') this.#leaderId = id
    return member
  }

  #remove(member: Member): void {
    member.cancelSession()
    answerJoin(member, refusedJoin('UNKNOWN_MEMBER_ID', member.id))
    answerSync(member, { error: 'UNKNOWN_MEMBER_ID', assignment: nothing })
    this.#members.delete(member.id)
    this.#awaitingSync.delete(member)
    if (this.#leaderId === member.id) this.#leaderId = this.#members.keys().next().value ?? ''
    if (this.#state === 'PreparingRebalance') this.#completeJoinIfAllAreHere()
    else this.#prepareRebalance()
  }

  #prepareRebalance(): void {
    if (this.#state === 'PreparingRebalance') {
      this.#completeJoinIfAllAreHere()
      return
    }
    const isFirst = this.#state === 'Empty'
    if (this.#state === 'CompletingRebalance')
      for (const member of this.#members.values()) {
        member.assignment = nothing
        answerSync(member, { error: 'REBALANCE_IN_PROGRESS', assignment: nothing })
      }
    this.#state = 'PreparingRebalance'
    this.#awaitingSync.clear()
    const delayMs = this.#options.initialRebalanceDelayMs
    if (isFirst && delayMs > 0) this.#startInitialDelay(delayMs)
    else {
      this.#startJoinDeadline()
      this.#completeJoinIfAllAreHere()
    }
  }

  /** A new group waits a little for more members, and longer while they keep coming. */
  #startInitialDelay(delayMs: number): void {
    this.#isInitialDelay = true
    const wait = (stepMs: number, remainingMs: number): void => {
      const membersBefore = this.#members.size
      this.#restartDeadline(stepMs, () => {
        const nextMs = Math.min(delayMs, remainingMs)
        if (this.#members.size > membersBefore && nextMs > 0) return wait(nextMs, remainingMs - nextMs)
        this.#isInitialDelay = false
        this.#completeJoin()
      })
    }
    wait(delayMs, Math.max(this.#rebalanceTimeoutMs() - delayMs, 0))
  }

  #startJoinDeadline(): void {
    this.#isInitialDelay = false
    this.#restartDeadline(this.#rebalanceTimeoutMs(), () => this.#completeJoin())
  }

  #startSyncDeadline(): void {
    this.#restartDeadline(this.#rebalanceTimeoutMs(), () => {
      for (const member of [...this.#awaitingSync]) this.#remove(member)
    })
  }

  #restartDeadline(delayMs: number, action: () => void): void {
    this.#cancelDeadline()
    this.#cancelDeadline = this.#options.clock.schedule(delayMs, action)
  }

  #completeJoinIfAllAreHere(): void {
    if (this.#state !== 'PreparingRebalance' || this.#isInitialDelay || this.#promisedIds.size > 0) return
    if (this.members.every((member) => member.answerJoin)) this.#completeJoin()
  }

  #completeJoin(): void {
    this.#cancelDeadline()
    for (const member of this.members)
      if (!member.answerJoin && member.groupInstanceId === null) {
        member.cancelSession()
        this.#members.delete(member.id)
      }
    this.#generationId += 1
    const leader = this.#members.get(this.#leaderId)
    if (!leader?.answerJoin) this.#leaderId = this.members.find((member) => member.answerJoin)?.id ?? ''
    if (this.#members.size === 0) {
      this.#state = 'Empty'
      this.#protocolName = ''
      return
    }
    this.#protocolName = selectProtocol(this.members)
    this.#state = 'CompletingRebalance'
    this.#awaitingSync = new Set(this.#members.values())
    this.#startSyncDeadline()
    for (const member of this.#members.values()) {
      this.#touch(member)
      answerJoin(member, this.#joined(member))
    }
  }

  #completeRebalance(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    if (this.#awaitingSync.size === 0) this.#cancelDeadline()
    for (const member of this.#members.values()) {
      member.assignment = assignments.get(member.id) ?? nothing
      if (!member.answerSync) continue
      this.#touch(member)
      answerSync(member, { error: 'NONE', assignment: member.assignment })
    }
  }

  #joined(member: Member): JoinResult {
    const isLeader = member.id === this.#leaderId
    return {
      error: 'NONE',
      generationId: this.#generationId,
      protocolName: this.#protocolName,
      leaderId: this.#leaderId,
      memberId: member.id,
      members: isLeader
        ? this.members.map(({ id, groupInstanceId, protocols }) => ({
            memberId: id,
            groupInstanceId,
            metadata: protocols.find((protocol) => protocol.name === this.#protocolName)?.metadata ?? nothing,
          }))
        : [],
    }
  }

  /** A sign of life: the session starts anew. Members that wait for an answer cannot expire; they get a new session with it. */
  #touch(member: Member): void {
    member.cancelSession()
    member.cancelSession = this.#options.clock.schedule(member.sessionTimeoutMs, () => {
      if (!member.answerJoin && !member.answerSync) this.#remove(member)
    })
  }

  #promiseId(memberId: string, sessionTimeoutMs: number): void {
    const cancel = this.#options.clock.schedule(sessionTimeoutMs, () => {
      this.#promisedIds.delete(memberId)
      this.#completeJoinIfAllAreHere()
    })
    this.#promisedIds.set(memberId, cancel)
  }

  #takeBackPromise(memberId: string): void {
    this.#promisedIds.get(memberId)?.()
    this.#promisedIds.delete(memberId)
  }

  #staticMember(groupInstanceId: string | null): Member | undefined {
    if (groupInstanceId === null) return undefined
    return this.members.find((member) => member.groupInstanceId === groupInstanceId)
  }

  #identityFault(speaker: { memberId: string; groupInstanceId: string | null }): ErrorName | undefined {
    if (speaker.groupInstanceId !== null) {
      const member = this.#staticMember(speaker.groupInstanceId)
      if (!member) return 'UNKNOWN_MEMBER_ID'
      return member.id === speaker.memberId ? undefined : 'FENCED_INSTANCE_ID'
    }
    return this.#members.has(speaker.memberId) ? undefined : 'UNKNOWN_MEMBER_ID'
  }

  #speakerFault(speaker: Speaker): ErrorName | undefined {
    const fault = this.#identityFault(speaker)
    if (fault) return fault
    return speaker.generationId === this.#generationId ? undefined : 'ILLEGAL_GENERATION'
  }

  #rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.members.map((member) => member.rebalanceTimeoutMs))
  }
}

function answerJoin(member: Member, result: JoinResult): void {
  const answer = member.answerJoin
  member.answerJoin = undefined
  answer?.(result)
}

function answerSync(member: Member, result: SyncResult): void {
  const answer = member.answerSync
  member.answerSync = undefined
  answer?.(result)
}

export function refusedJoin(error: ErrorName, memberId: string): JoinResult {
  return { error, generationId: -1, protocolName: '', leaderId: '', memberId, members: [] }
}

function newMemberId(request: JoinRequest): string {
  return `${request.groupInstanceId ?? request.clientId}-${crypto.randomUUID()}`
}
