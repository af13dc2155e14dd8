import type { ConsumerStatus, GroupOptions, TopicPartition } from '@tributary/event-bus'
import { Backoff, pause, timeLimit } from '../wire/backoff.ts'
import { BrokerError, code, LinkError } from '../wire/failures.ts'
import { assignSticky, type Member, withholdClaimed } from './assignor.ts'
import { ContactWatch } from './contact-watch.ts'
import type { GroupClient, MemberIdentity } from './group-client.ts'
import { groupFailure, MembershipLostError, mayRejoin } from './group-errors.ts'
import { Heart } from './heart.ts'
import { heldRequest } from './held-request.ts'
import type { MembershipHost } from './membership-host.ts'

/**
 * One membership in a group, by the cooperative protocol: join saying what is owned, learn what shall be owned, keep what is in both without
 * interruption, hand over the rest, and join again without it so that its new owner may have it.
 */
export class Membership {
  readonly #client: GroupClient
  readonly #options: GroupOptions
  readonly #host: MembershipHost
  readonly #closing = new AbortController()
  readonly #backoff = new Backoff({ initialMs: 100, maxMs: 1_000 })
  readonly #closed: Promise<void>
  #state: ConsumerStatus['state'] = 'joining'
  #memberId = ''
  #generation = -1
  /** Between the answer to a join and the answer to the sync the broker takes commits of neither generation. */
  #isBetweenGenerations = false
  #mayLead = false
  #heart: Heart | null = null
  /** What was claimed in the last join is not owned any more. */
  #hasForfeited = false
  #isRejoinWanted = false
  readonly #contactWatch: ContactWatch
  #lastHeartbeatAt: number | null = null
  #lastError: Error | null = null

  constructor(client: GroupClient, options: GroupOptions, host: MembershipHost) {
    this.#client = client
    this.#options = options
    this.#host = host
    this.#contactWatch = new ContactWatch({
      limitMs: options.sessionTimeoutMs,
      onSilence: (silentMs) => this.#onSilence(silentMs),
    })
    this.#closed = new Promise((resolve) => {
      this.#closing.signal.addEventListener('abort', () => resolve(), { once: true })
    })
    void this.#run()
  }

  get status(): ConsumerStatus {
    return {
      state: this.#state,
      memberId: this.#memberId,
      generation: this.#generation,
      lastHeartbeatAt: this.#lastHeartbeatAt,
      lastError: this.#lastError,
    }
  }

  /** Whether it is for us to see that the group is assigned anew. */
  get mayLead(): boolean {
    return this.#mayLead
  }

  /** To commit with; null while no commit can be accepted. */
  get identity(): MemberIdentity | null {
    return this.#isBetweenGenerations || this.#generation === -1
      ? null
      : { memberId: this.#memberId, generation: this.#generation }
  }

  get isStatic(): boolean {
    return this.#options.instanceId !== undefined
  }

  /** False from the moment a join is sent until its generation has begun: the coordinator may be a generation ahead of us. */
  get isSettled(): boolean {
    return this.#heart !== null
  }

  /** False when the coordinator has not heard of us for so long that what we own may be somebody else's, though nobody may have noticed yet. */
  get isInContact(): boolean {
    return this.#contactWatch.isInContact
  }

  /** The group shall be assigned anew: topics have changed. A join that is under way may have said what is true no more; then another follows. */
  askToRejoin(): void {
    this.#isRejoinWanted = true
    this.#heart?.askToRejoin()
  }

  /** The coordinator said, beside a heartbeat, that it does not know who sent it a request: us, or who we were before. */
  reportLost(error: MembershipLostError, sender: MemberIdentity): void {
    if (sender.memberId === this.#memberId) this.#heart?.lose(error)
  }

  fail(error: Error): void {
    if (this.#closing.signal.aborted) return
    this.#closing.abort()
    this.#contactWatch.stop()
    this.#heart?.stop()
    this.#state = 'failed'
    this.#lastError = error
    this.#host.lose()
    this.#host.onFailed(error)
  }

  /** Leaves the group, waiting no longer than `timeoutMs` milliseconds for the coordinator. */
  async close(timeoutMs: number): Promise<void> {
    const hasFailed = this.#state === 'failed'
    this.#closing.abort()
    this.#contactWatch.stop()
    this.#heart?.stop()
    if (!hasFailed) this.#state = 'closed'
    const leaving = this.#client.leave(this.#memberId).catch(() => {}) // the session timeout removes us where this does not
    const limit = timeLimit(timeoutMs)
    await Promise.race([leaving, limit.reached]).finally(limit.cancel)
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      try {
        await this.#oneGeneration()
        this.#backoff.reset()
      } catch (error) {
        if (this.#closing.signal.aborted) return
        await this.#recover(error)
      }
    }
  }

  /** From join to the need to join again. */
  async #oneGeneration(): Promise<void> {
    const isReturning = this.#memberId === '' && this.isStatic
    const { assigned, leaderId } = await this.#join()
    const lost = new AbortController()
    const heart = this.#startHeart()
    if (this.#isRejoinWanted) heart.askToRejoin()
    if (isReturning && !this.#mayLead) void this.#lookForLeader(leaderId, heart)
    try {
      const adopting = this.#host.adopt(assigned, lost.signal)
      const gaveUp = await Promise.race([adopting, heart.lost]).catch(async (error: unknown) => {
        // Lost in the middle of a drain: end the drain first, so that the listener hears one thing after the other.
        lost.abort()
        await adopting.catch(() => {})
        throw error
      })
      this.#host.onJoined()
      // The leader gave to nobody what we claimed. What we forfeited while the join was under way must be seen to be free, as what we gave up.
      if (!gaveUp && !this.#hasForfeited) await Promise.race([heart.rebalance, heart.lost, this.#closed])
    } finally {
      heart.stop()
      this.#heart = null
    }
    if (!this.#closing.signal.aborted) this.#state = 'rebalancing'
  }

  async #join(): Promise<{ assigned: TopicPartition[]; leaderId: string }> {
    this.#hasForfeited = false
    this.#isRejoinWanted = false
    try {
      const subscription = { topics: this.#host.topics(), owned: this.#host.claims(), generation: this.#generation }
      const joining = this.#client.join(this.#memberId, subscription, (memberId) => {
        this.#memberId = memberId
      })
      const before = { memberId: this.#memberId, generation: this.#generation }
      const joinedAt = performance.now()
      const joined = await this.#held(joining, before)
      // Who owns nothing cannot beat, and has nothing to lose: its session starts with the answer. Anybody else may have been frozen since it was given.
      this.#contactWatch.contact(before.generation === -1 ? performance.now() : joinedAt)
      this.#isBetweenGenerations = true
      this.#memberId = joined.memberId
      this.#generation = joined.generation
      this.#mayLead = joined.members !== null
      const assignments = joined.members === null ? new Map() : await this.#assign(joined.members)
      const syncedAt = performance.now()
      const assigned = await this.#held(this.#client.sync(joined, assignments), joined)
      this.#contactWatch.contact(syncedAt)
      // An answer that was long under way, or that found us frozen: what it gives us belongs to somebody else by now.
      if (this.#generation !== joined.generation)
        throw new MembershipLostError('the assignment came too late', { keepsMemberId: true, cause: this.#lastError })
      this.#lastHeartbeatAt = Date.now()
      this.#lastError = null
      this.#state = 'stable'
      return { assigned, leaderId: joined.leaderId }
    } finally {
      this.#isBetweenGenerations = false
    }
  }

  /**
   * To a static member that comes back, the coordinator names as leader who led before, and that may have been this member: under an id that is no more, so
   * that until the next generation nobody would notice changed topics. What the group is assigned tells what has changed, also while the member was away.
   */
  async #lookForLeader(leaderId: string, heart: Heart): Promise<void> {
    try {
      const group = await this.#client.describe()
      if (heart !== this.#heart || group === null || group.memberIds.has(leaderId)) return
      this.#mayLead = true
      this.#host.onLeadershipFound(group.assignedCounts)
    } catch {
      // A rebalance answers the same question, and is what happened without a static identity.
      heart.askToRejoin()
    }
  }

  /** Waits for an answer that the coordinator may hold; it accepts what is sent meanwhile as `identity`. */
  #held<Answer>(request: Promise<Answer>, identity: MemberIdentity): Promise<Answer> {
    return heldRequest(request, this.#options.heartbeatIntervalMs, () => this.#beat(identity, 'commit'))
  }

  async #beat(identity: MemberIdentity, purpose: 'group' | 'commit'): Promise<number> {
    const sentAt = performance.now()
    const errorCode = await this.#client.heartbeat(identity, purpose)
    this.#contactWatch.contact(sentAt)
    return errorCode
  }

  async #assign(members: readonly Member[]): Promise<Map<string, TopicPartition[]>> {
    const partitionCount = await this.#host.partitionCounts([...new Set(members.flatMap((member) => member.topics))])
    return withholdClaimed(assignSticky(members, partitionCount), members)
  }

  #startHeart(): Heart {
    const identity = { memberId: this.#memberId, generation: this.#generation }
    const heart = new Heart({
      intervalMs: this.#options.heartbeatIntervalMs,
      send: () => this.#beat(identity, 'group'),
      onBeat: () => {
        this.#lastHeartbeatAt = Date.now()
        if (this.#state === 'disconnected') this.#state = 'stable'
        this.#lastError = null
      },
      onMissed: (error) => {
        if (error instanceof LinkError) this.#state = 'disconnected'
        this.#trouble(groupFailure(error))
      },
    })
    this.#heart = heart
    return heart
  }

  async #recover(error: unknown): Promise<void> {
    if (error instanceof BrokerError && error.kafkaCode === code.rebalanceInProgress) return
    if (!mayRejoin(error)) {
      this.fail(groupFailure(error))
      return
    }
    this.#trouble(groupFailure(error))
    if (error instanceof MembershipLostError) {
      if (!error.keepsMemberId) this.#memberId = ''
      this.#forfeit()
      return
    }
    this.#state = error instanceof LinkError ? 'disconnected' : 'rebalancing'
    await pause(this.#backoff.next(), this.#closing.signal)
  }

  #onSilence(silentMs: number): void {
    if (this.#generation === -1) return
    const message = `the coordinator has accepted nothing for ${Math.round(silentMs)} ms: the partitions may belong to another member by now`
    const error = new MembershipLostError(message, { keepsMemberId: true, cause: this.#lastError })
    if (this.#heart !== null) {
      this.#heart.lose(error)
      return
    }
    this.#trouble(error)
    this.#forfeit()
  }

  #trouble(error: Error): void {
    this.#lastError = error
    this.#host.onTrouble(error)
  }

  #forfeit(): void {
    this.#generation = -1
    this.#hasForfeited = true
    if (this.#state === 'stable') this.#state = 'rebalancing'
    this.#host.lose()
  }
}
