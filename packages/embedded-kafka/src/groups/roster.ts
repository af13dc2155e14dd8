/** Who is in a group: its members, its leader, and the ids that were given out and have not come back yet. */
import type { ErrorName } from '../protocol/error-codes.ts'
import type { Member } from './member.ts'

export interface Identity {
  readonly memberId: string
  /** Chosen by a static member; null for all others. */
  readonly groupInstanceId: string | null
}

export class Roster {
  readonly #members = new Map<string, Member>()
  /** By id, how to cancel the timer that forgets it. */
  readonly #promisedIds = new Map<string, () => void>()
  #leaderId = ''

  get members(): readonly Member[] {
    return [...this.#members.values()]
  }

  get size(): number {
    return this.#members.size
  }

  get leaderId(): string {
    return this.#leaderId
  }

  get hasPromisedIds(): boolean {
    return this.#promisedIds.size > 0
  }

  /** The longest that any member needs to finish its work before it joins again. */
  get rebalanceTimeoutMs(): number {
    return Math.max(0, ...this.members.map((member) => member.rebalanceTimeoutMs))
  }

  get(memberId: string): Member | undefined {
    return this.#members.get(memberId)
  }

  /** The first to come leads. */
  add(member: Member): void {
    this.#members.set(member.id, member)
    if (this.#leaderId === '') this.#leaderId = member.id
  }

  remove(member: Member): void {
    this.#members.delete(member.id)
    if (this.#leaderId === member.id) this.#leaderId = this.#members.keys().next().value ?? ''
  }

  /** A static member comes back under another id and keeps its part, leadership included. */
  replace(old: Member, member: Member): void {
    this.#members.delete(old.id)
    this.#members.set(member.id, member)
    if (this.#leaderId === old.id) this.#leaderId = member.id
  }

  /** Leadership passes to somebody who joined, when the leader did not. */
  electLeader(): void {
    if (this.get(this.#leaderId)?.answerJoin) return
    this.#leaderId = this.members.find((member) => member.answerJoin)?.id ?? ''
  }

  staticMember(groupInstanceId: string | null): Member | undefined {
    if (groupInstanceId === null) return undefined
    return this.members.find((member) => member.groupInstanceId === groupInstanceId)
  }

  /** Why somebody is not who they say, if they are not. */
  identityFault({ memberId, groupInstanceId }: Identity): ErrorName | undefined {
    if (groupInstanceId === null) return this.#members.has(memberId) ? undefined : 'UNKNOWN_MEMBER_ID'
    const member = this.staticMember(groupInstanceId)
    if (!member) return 'UNKNOWN_MEMBER_ID'
    return member.id === memberId ? undefined : 'FENCED_INSTANCE_ID'
  }

  promiseId(memberId: string, cancelTimer: () => void): void {
    this.#promisedIds.set(memberId, cancelTimer)
  }

  isPromised(memberId: string): boolean {
    return this.#promisedIds.has(memberId)
  }

  takeBackPromise(memberId: string): void {
    this.#promisedIds.get(memberId)?.()
    this.#promisedIds.delete(memberId)
  }

  takeBackAllPromises(): void {
    for (const memberId of this.#promisedIds.keys()) this.takeBackPromise(memberId)
  }
}
