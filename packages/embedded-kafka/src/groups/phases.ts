/**
 * The phases of the classic group protocol: which generation it is, and who waits for whom.
 *
 *   Empty ──join──▶ PreparingRebalance ──all joined or time is up──▶ CompletingRebalance ──leader syncs──▶ Stable
 *                        ▲                                                  │                                │
 *                        └────────────── somebody joins, leaves or expires ─┴────────────────────────────────┘
 */
import type { Clock } from '../cluster/clock.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import type { JoinResult, Member, SyncResult } from './member.ts'
import { selectProtocol } from './protocol-selection.ts'
import { RebalanceTimer } from './rebalance-timer.ts'
import { Roster } from './roster.ts'
import { subscribedTopics } from './subscription.ts'

export type GroupState = 'Empty' | 'PreparingRebalance' | 'CompletingRebalance' | 'Stable' | 'Dead'

export interface GroupOptions {
  readonly clock: Clock
  /** How long a group that was empty waits for more members. */
  readonly initialRebalanceDelayMs: number
}

const nothing = Buffer.alloc(0)

export class Phases {
  readonly roster = new Roster()
  /** Of the members; what the first of them says. */
  protocolType = ''
  readonly #options: GroupOptions
  readonly #timer: RebalanceTimer
  #state: GroupState = 'Empty'
  #generationId = 0
  #protocolName = ''
  /** Of the members of the present generation, as far as their metadata tell. */
  #topics: ReadonlySet<string> | undefined
  #awaitingSync = new Set<Member>()

  constructor(options: GroupOptions) {
    this.#options = options
    this.#timer = new RebalanceTimer(options.clock)
  }

  get state(): GroupState {
    return this.#state
  }

  get generationId(): number {
    return this.#generationId
  }

  get protocolName(): string {
    return this.#protocolName
  }

  /** Whether the present generation reads the topic: consumers whose metadata do not tell are taken to read all. */
  isSubscribedTo(topic: string): boolean {
    return this.protocolType === 'consumer' && (this.#topics?.has(topic) ?? true)
  }

  /** The member's answer waits until the others have joined too. */
  rejoin(member: Member): Promise<JoinResult> {
    const { promise, resolve } = Promise.withResolvers<JoinResult>()
    // A second JoinGroup of a member that waits already replaces the first, whose connection is usually gone.
    member.answerJoin = resolve
    this.#prepareRebalance()
    return promise
  }

  /** The member's answer waits until the leader has said who gets what. */
  sync(member: Member, assignments: ReadonlyMap<string, Buffer>, answer: (result: SyncResult) => void): void {
    this.#awaitingSync.delete(member)
    member.answerSync = answer
    if (this.#state === 'Stable') this.#answerSyncs()
    else if (member.id === this.roster.leaderId) this.#completeRebalance(assignments)
  }

  /** Puts a member into the place of another: what that one has waited for is over. */
  replace(old: Member, member: Member): void {
    old.dismiss('FENCED_INSTANCE_ID')
    this.#awaitingSync.delete(old)
    this.roster.replace(old, member)
  }

  remove(member: Member): void {
    this.drop(member)
    this.#prepareRebalance()
  }

  /** Without telling the others yet. */
  drop(member: Member): void {
    member.dismiss('UNKNOWN_MEMBER_ID', '')
    this.roster.remove(member)
    this.#awaitingSync.delete(member)
  }

  /** Somebody has left, be it one that had only been promised an id. */
  beginAnew(): void {
    if (this.#state !== 'Empty') this.#prepareRebalance()
  }

  /** The coordinator moves away: whoever waits is told to look for the new one, and no timer runs meanwhile. */
  suspend(error: ErrorName): void {
    this.#timer.cancel()
    this.roster.takeBackAllPromises()
    for (const member of this.roster.members) member.dismiss(error)
  }

  /** The new coordinator has loaded the group: every session starts afresh. */
  resume(): void {
    for (const member of this.roster.members) this.touch(member.id)
    if (this.#state === 'PreparingRebalance') this.#startJoinDeadline()
    if (this.#state === 'CompletingRebalance') this.#startSyncDeadline()
  }

  /** Deleted, or the cluster ends. */
  end(): void {
    this.suspend('COORDINATOR_NOT_AVAILABLE')
    this.#state = 'Dead'
  }

  /** What the member is told of the present generation. */
  joinedAs(member: Member): JoinResult {
    const isLeader = member.id === this.roster.leaderId
    return {
      error: 'NONE',
      generationId: this.#generationId,
      protocolType: this.protocolType,
      protocolName: this.#protocolName,
      leaderId: this.roster.leaderId,
      skipAssignment: false,
      memberId: member.id,
      members: isLeader
        ? this.roster.members.map((each) => ({
            memberId: each.id,
            groupInstanceId: each.groupInstanceId,
            metadata: each.metadataFor(this.#protocolName),
          }))
        : [],
    }
  }

  /** A sign of life: the session starts anew. Who waits for an answer cannot expire, and gets a new session with it. */
  touch(memberId: string): void {
    const member = this.roster.get(memberId)
    if (!member) return
    member.cancelSession()
    member.cancelSession = this.#options.clock.schedule(member.sessionTimeoutMs, () => {
      if (!member.isWaiting) this.remove(member)
    })
  }

  /** Somebody who was waited for has come, or comes no more. */
  completeJoinIfAllAreHere(): void {
    if (this.#state !== 'PreparingRebalance' || this.#timer.isGathering || this.roster.hasPromisedIds) return
    if (this.roster.members.every((member) => member.answerJoin)) this.#completeJoin()
  }

  #prepareRebalance(): void {
    if (this.#state === 'PreparingRebalance') {
      this.completeJoinIfAllAreHere()
      return
    }
    const isInitial = this.#state === 'Empty'
    for (const member of this.roster.members) {
      if (this.#state === 'CompletingRebalance') member.assignment = nothing
      member.synced('REBALANCE_IN_PROGRESS')
    }
    this.#awaitingSync.clear()
    this.#state = 'PreparingRebalance'
    if (isInitial) {
      this.#gather()
    } else if (this.roster.size === 0) {
      // The deadline is that of the slowest member: without members it has passed.
      this.#completeJoin()
    } else {
      this.#startJoinDeadline()
      this.completeJoinIfAllAreHere()
    }
  }

  /** A new group waits for its time, and then for nobody: not for those either who were promised an id. */
  #gather(): void {
    const delayMs = this.#options.initialRebalanceDelayMs
    const complete = (): void => this.#completeJoin()
    if (delayMs > 0) this.#timer.gather(delayMs, this.roster.rebalanceTimeoutMs, () => this.roster.size, complete)
    else complete()
  }

  #startJoinDeadline(): void {
    this.#timer.restart(this.roster.rebalanceTimeoutMs, () => this.#completeJoin())
  }

  #startSyncDeadline(): void {
    this.#timer.restart(this.roster.rebalanceTimeoutMs, () => {
      // Collected first: the first removal begins a rebalance, after which nobody is awaited any more.
      const late = this.roster.members.filter((member) => this.#awaitingSync.has(member))
      for (const member of late) this.remove(member)
    })
  }

  #completeJoin(): void {
    this.#timer.cancel()
    for (const member of this.roster.members)
      if (!member.answerJoin && member.groupInstanceId === null) {
        member.cancelSession()
        this.roster.remove(member)
      }
    this.#generationId += 1
    if (this.roster.size === 0) {
      this.#state = 'Empty'
      this.#protocolName = ''
      this.#topics = new Set()
      return
    }
    this.roster.electLeader()
    this.#protocolName = selectProtocol(this.roster.members)
    this.#topics = subscribedTopics(this.roster.members.map((member) => member.metadataFor(this.#protocolName)))
    this.#state = 'CompletingRebalance'
    this.#awaitingSync = new Set(this.roster.members)
    this.#startSyncDeadline()
    for (const member of this.roster.members) {
      this.touch(member.id)
      member.joined(this.joinedAs(member))
    }
  }

  #completeRebalance(assignments: ReadonlyMap<string, Buffer>): void {
    this.#state = 'Stable'
    for (const member of this.roster.members) member.assignment = assignments.get(member.id) ?? nothing
    this.#answerSyncs()
  }

  #answerSyncs(): void {
    if (this.#awaitingSync.size === 0) this.#timer.cancel()
    for (const member of this.roster.members) {
      if (!member.answerSync) continue
      this.touch(member.id)
      member.synced('NONE', member.assignment)
    }
  }
}
