import {
  BusClosedError,
  type Chunk,
  type Clock,
  type CommitRequest,
  type CommitResult,
  type ConsumerStatus,
  type DriverConsumer,
  type GroupListener,
  type GroupOptions,
  TopicNotFoundError,
  type TopicPartition,
} from '@tributary/event-bus'
import { within } from '../clock/within.ts'
import { partitionId } from './assignment.ts'
import type { FaultBoard } from './faults.ts'
import type { GroupCoordinator, GroupMember } from './group-coordinator.ts'
import { OwnedPartition } from './owned-partition.ts'
import { failingRead, readLogRange } from './read-range.ts'
import type { TopicStore } from './topic-store.ts'

const MAX_METADATA_BYTES = 4_096
const REQUEST_TIMEOUT_MS = 10_000

export interface ConsumerDeps {
  readonly clock: Clock
  readonly topics: TopicStore
  readonly coordinator: GroupCoordinator
  readonly faults: FaultBoard
  readonly newMemberId: () => string
  readonly onClosed: () => void
}

/** One membership: hands out chunks of what it owns, passes on what the coordinator decides. */
export class InMemoryConsumer implements DriverConsumer, GroupMember {
  readonly joined: Promise<void>
  topics: readonly string[]
  id: string
  readonly #options: GroupOptions
  readonly #listener: GroupListener
  readonly #deps: ConsumerDeps
  readonly #partitions = new Map<string, OwnedPartition>()
  readonly #unwatch: () => void
  readonly #firstJoin = Promise.withResolvers<void>()
  /** Settled when this member id has left the group, so that nobody waits for it any longer. */
  #gone = Promise.withResolvers<void>()
  #state: ConsumerStatus['state'] = 'joining'
  #generation = -1
  #lastEpoch = 0
  #lastError: Error | null = null
  #isPumping = false
  /** The coordinator has dropped this member and it does not know yet. */
  #isExpired = false

  constructor(options: GroupOptions, listener: GroupListener, deps: ConsumerDeps) {
    this.#options = options
    this.#listener = listener
    this.#deps = deps
    this.topics = options.topics
    this.id = deps.newMemberId()
    this.joined = this.#firstJoin.promise
    // Who does not ask for it is told by onFailed: an unhandled rejection would end the process on top.
    this.joined.catch(() => {})
    this.#unwatch = deps.topics.watch({
      onAppended: () => this.#pump(),
      onTopicsChanged: () => deps.coordinator.has(this) && deps.coordinator.rebalance(),
      onTopicDeleted: (topic) => this.#onTopicDeleted(topic),
    })
    deps.coordinator.join(this)
  }

  get owned(): readonly OwnedPartition[] {
    return [...this.#partitions.values()]
  }

  // What the coordinator decides

  enterGeneration(generation: number): void {
    this.#generation = generation
    this.#state = 'stable'
    this.#firstJoin.resolve()
  }

  gain(partitions: readonly TopicPartition[]): void {
    const gained = partitions.map((partition) => new OwnedPartition(partition, ++this.#lastEpoch))
    for (const owned of gained) this.#partitions.set(partitionId(owned), owned)
    const started = this.#start(gained)
    for (const owned of gained) owned.started = started
  }

  async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    const leaving = partitions.flatMap((partition) => this.#partitions.get(partitionId(partition)) ?? [])
    const { coordinator, clock } = this.#deps
    this.#state = 'rebalancing'
    for (const owned of leaving) owned.isLeaving = true
    const timeUp = new AbortController()
    const drainTimer = clock.setTimer(() => timeUp.abort(), this.#options.drainMs)
    const givenUp = this.#drain(leaving, timeUp.signal)
    const inTime = await within(
      clock,
      this.#options.rebalanceTimeoutMs,
      Promise.race([givenUp, this.#gone.promise]),
      'late',
    )
    drainTimer.cancel()
    if (!coordinator.has(this)) return
    if (inTime === 'late') this.expire(0)
  }

  /** The session is over: others get the partitions now, and this member learns of it after `noticedAfterMs`. */
  expire(noticedAfterMs: number): void {
    if (!this.#deps.coordinator.has(this)) return
    this.#isExpired = true
    this.#leaveGroup()
    if (noticedAfterMs > 0) this.#deps.clock.setTimer(() => this.#noticeExpiry(), noticedAfterMs)
    else this.#noticeExpiry()
  }

  // What the engine asks for

  async commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const gate = this.#deps.faults.commitGate(this.#options.group, requests)
    const answer = gate ? gate.then(() => this.#commitNow(requests)) : Promise.resolve(this.#commitNow(requests))
    const late = requests.map(({ topic, partition }): CommitResult => ({ topic, partition, outcome: 'failed' }))
    return within(this.#deps.clock, REQUEST_TIMEOUT_MS, answer, late)
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.#partitions.get(partitionId(partition))
      if (owned) owned.isPaused = true
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.#partitions.get(partitionId(partition))
      if (owned) owned.isPaused = false
    }
    this.#pump()
  }

  seek(partition: TopicPartition, epoch: number, position: bigint): void {
    const owned = this.#partitions.get(partitionId(partition))
    if (owned?.epoch !== epoch) return
    owned.position = position
    this.#pump()
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const epoch = this.#partitions.get(partitionId(partition))?.epoch ?? 0
    if (this.#deps.faults.rangeReadFault(partition) !== null) return failingRead(partition)
    return readLogRange(this.#deps.topics.log(partition), partition, { from, to, epoch }, signal)
  }

  alsoRead(topics: readonly string[]): void {
    const added = topics.filter((topic) => !this.topics.includes(topic))
    if (added.length === 0 || this.#isOver()) return
    this.topics = [...this.topics, ...added]
    if (this.#deps.coordinator.has(this)) this.#deps.coordinator.rebalance()
  }

  status(): ConsumerStatus {
    return {
      state: this.#state,
      memberId: this.id,
      generation: this.#generation,
      lastHeartbeatAt: this.#state === 'stable' || this.#state === 'rebalancing' ? this.#deps.clock.now() : null,
      lastError: this.#lastError,
    }
  }

  async close(): Promise<void> {
    if (this.#isOver()) return
    this.#end('closed')
    this.#partitions.clear()
    this.#firstJoin.reject(
      new BusClosedError('the consumer was closed before it had joined its group', { outcome: 'not-written' }),
    )
  }

  async #start(gained: readonly OwnedPartition[]): Promise<void> {
    const { topics, coordinator } = this.#deps
    try {
      const positions = await this.#listener.onAssigned(
        gained.map((owned) => ({
          topic: owned.topic,
          partition: owned.partition,
          epoch: owned.epoch,
          committed: coordinator.committed(owned),
          logStartOffset: topics.log(owned).startOffset,
          logEndOffset: topics.log(owned).endOffset,
        })),
      )
      const byId = new Map(positions.map((start) => [partitionId(start), start.position]))
      for (const owned of gained) {
        const position = byId.get(partitionId(owned))
        if (position === undefined) throw new Error(`onAssigned gave no position for ${partitionId(owned)}`)
        owned.position ??= position
      }
      this.#pump()
    } catch (error) {
      // What was lost meanwhile concerns nobody any more.
      const isCurrent = gained.some((owned) => this.#partitions.get(partitionId(owned)) === owned)
      if (isCurrent) this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #drain(leaving: readonly OwnedPartition[], signal: AbortSignal): Promise<void> {
    const isOwned = (owned: OwnedPartition): boolean => this.#partitions.get(partitionId(owned)) === owned
    // Calls for one partition never overlap: its assignment is finished first.
    await Promise.all(leaving.map(({ started }) => started))
    if (!this.#deps.coordinator.has(this)) return
    // A member that was thrown out meanwhile, and is back, may have the same partitions in a later epoch.
    const partitions = leaving.filter(isOwned).map(({ topic, partition }) => ({ topic, partition }))
    if (partitions.length === 0) return
    // A listener that fails has given up draining; the partitions go all the same.
    await this.#listener.onRevoking(partitions, signal).catch((error: unknown) => {
      this.#lastError = error instanceof Error ? error : new Error(String(error))
    })
    for (const owned of leaving) if (isOwned(owned)) this.#partitions.delete(partitionId(owned))
  }

  #commitNow(requests: readonly CommitRequest[]): CommitResult[] {
    if (this.#isExpired) {
      // The coordinator answers UNKNOWN_MEMBER_ID, and that is how a frozen member learns of it.
      queueMicrotask(() => this.#noticeExpiry())
    }
    return requests.map((request) => {
      const { topic, partition, nextOffset, metadata } = request
      const fault = this.#deps.faults.commitFault(this.#options.group, request)
      const outcome = this.#isCurrent(request) ? (fault?.outcome ?? metadataOutcome(metadata)) : 'fenced'
      if (outcome === 'committed' || (fault?.isApplied && outcome !== 'fenced')) {
        this.#deps.coordinator.commit({ topic, partition, nextOffset, metadata })
      }
      return { topic, partition, outcome }
    })
  }

  #isCurrent(request: CommitRequest): boolean {
    return !this.#isExpired && this.#partitions.get(partitionId(request))?.epoch === request.epoch
  }

  #noticeExpiry(): void {
    if (!this.#isExpired || this.#isOver()) return
    this.#isExpired = false
    this.#loseAll()
    this.#gone = Promise.withResolvers<void>()
    this.#state = 'rebalancing'
    this.id = this.#deps.newMemberId()
    this.#deps.coordinator.join(this)
  }

  #onTopicDeleted(topic: string): void {
    if (!this.topics.includes(topic) || this.#isOver()) return
    if (!this.#options.topics.includes(topic)) {
      this.topics = this.topics.filter((other) => other !== topic)
      this.#lose(this.owned.filter((owned) => owned.topic === topic))
      return
    }
    this.#fail(
      new TopicNotFoundError(`topic ${topic} was deleted while group ${this.#options.group} read it`, {
        outcome: 'not-written',
      }),
    )
  }

  #fail(error: Error): void {
    if (this.#isOver()) return
    this.#lastError = error
    this.#loseAll()
    this.#end('failed')
    this.#firstJoin.reject(error)
    this.#listener.onFailed(error)
  }

  #loseAll(): void {
    this.#lose(this.owned)
  }

  #lose(owned: readonly OwnedPartition[]): void {
    const lost = owned.map(({ topic, partition }) => ({ topic, partition }))
    for (const partition of lost) this.#partitions.delete(partitionId(partition))
    if (lost.length > 0) this.#listener.onLost(lost)
  }

  #end(state: 'closed' | 'failed'): void {
    this.#state = state
    this.#unwatch()
    this.#leaveGroup()
    this.#deps.onClosed()
  }

  #leaveGroup(): void {
    this.#deps.coordinator.leave(this)
    this.#gone.resolve()
  }

  #isOver(): boolean {
    return this.#state === 'closed' || this.#state === 'failed'
  }

  /** Hands out what there is, one chunk a turn, so that the listener's pauses take effect and other work gets between. */
  #pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    queueMicrotask(() => {
      this.#isPumping = false
      const chunk = this.#nextChunk()
      if (!chunk) return
      this.#listener.onChunk(chunk)
      this.#pump()
    })
  }

  #nextChunk(): Chunk | null {
    for (const [id, owned] of this.#partitions) {
      const chunk = owned.take(this.#deps.topics.findLog(owned), this.#options.maxBytesPerPartition)
      if (!chunk) continue
      // To the end of the queue: partitions take turns.
      this.#partitions.delete(id)
      this.#partitions.set(id, owned)
      return chunk
    }
    return null
  }
}

function metadataOutcome(metadata: string): 'committed' | 'metadata-refused' {
  return Buffer.byteLength(metadata) > MAX_METADATA_BYTES ? 'metadata-refused' : 'committed'
}
