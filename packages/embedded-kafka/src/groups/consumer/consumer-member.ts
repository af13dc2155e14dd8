import { wholeName } from '../../protocol/regular-expression.ts'
import { GroupRefusal } from './group-refusal.ts'
import type { Heartbeat } from './heartbeat.ts'
import type { PartitionKey } from './partition-key.ts'
import type { Progress } from './reconciliation.ts'

const nothing: ReadonlySet<PartitionKey> = new Set()

const fresh: Progress = {
  state: 'Stable',
  epoch: 0,
  previousEpoch: 0,
  assigned: new Map(),
  revoking: new Map(),
}

function isSame(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((each) => other.has(each))
}

function throwIfInvalid(regex: string): void {
  try {
    wholeName(regex)
  } catch (error) {
    const reason = (error as SyntaxError).message
    const message = `SubscribedTopicRegex \`${regex}\` is not a valid regular expression: ${reason}.`
    throw new GroupRefusal('INVALID_REGULAR_EXPRESSION', message)
  }
}

/** The epoch of a static member that went away and may come back. */
export const awayEpoch = -2

/** A consumer that speaks the newer protocol, as its coordinator sees it. */
export class ConsumerMember {
  readonly id: string
  /** A dynamic member may become a static one. */
  instanceId: string | null
  rackId: string | null = null
  clientId = ''
  clientHost = ''
  /** As its latest heartbeat was entitled to. */
  sees: (topic: string) => boolean = () => false
  rebalanceTimeoutMs = 0
  topicNames: ReadonlySet<string> = new Set()
  /** Empty for none. */
  topicRegex = ''
  /** Null where it has no wish. */
  assignor: string | null = null
  /** What it is meant to have at the group's assignment epoch. */
  target: ReadonlySet<PartitionKey> = nothing
  progress: Progress = fresh
  cancelSession: () => void = () => {}
  cancelRevocation: () => void = () => {}

  constructor(id: string, instanceId: string | null) {
    this.id = id
    this.instanceId = instanceId
  }

  /** A static member is back under another id: it has what it had, at no epoch yet. */
  static replacing(old: ConsumerMember, id: string): ConsumerMember {
    const member = new ConsumerMember(id, old.instanceId)
    const { rackId, rebalanceTimeoutMs, topicNames, topicRegex, assignor, target } = old
    Object.assign(member, { rackId, rebalanceTimeoutMs, topicNames, topicRegex, assignor, target })
    member.progress = { ...old.progress, epoch: 0, previousEpoch: 0 }
    return member
  }

  get epoch(): number {
    return this.progress.epoch
  }

  /**
   * Takes what a heartbeat says anew; most of them leave out what has not changed.
   * Returns whether it wants other topics than before.
   *
   * @throws {GroupRefusal} when the regular expression is none; nothing has changed then.
   */
  update(beat: Heartbeat): boolean {
    const regex = beat.topicRegex ?? this.topicRegex
    if (regex !== '' && regex !== this.topicRegex) throwIfInvalid(regex)
    const names = beat.topicNames ? new Set(beat.topicNames) : this.topicNames
    const wantsOthers = regex !== this.topicRegex || !isSame(names, this.topicNames)
    this.topicNames = names
    this.topicRegex = regex
    this.instanceId = beat.instanceId ?? this.instanceId
    this.rackId = beat.rackId ?? this.rackId
    this.assignor = beat.assignor ?? this.assignor
    if (beat.rebalanceTimeoutMs >= 0) this.rebalanceTimeoutMs = beat.rebalanceTimeoutMs
    this.clientId = beat.clientId
    this.clientHost = beat.clientHost
    this.sees = beat.sees
    return wantsOthers
  }

  /** Whether it has the partition, or has not given it back yet. */
  holds(key: PartitionKey): boolean {
    return this.progress.assigned.has(key) || this.progress.revoking.has(key)
  }

  /** A static member says that it will be back: it gives back what it was asked to, and its commits are worth nothing. */
  goAway(): void {
    const assigned = new Map([...this.progress.assigned.keys()].map((key) => [key, 0]))
    this.progress = { ...this.progress, epoch: awayEpoch, assigned, revoking: new Map() }
  }

  cancelTimers(): void {
    this.cancelSession()
    this.cancelRevocation()
  }
}
