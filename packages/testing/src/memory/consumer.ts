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
import { MemberCommits } from './member-commits.ts'
import type { OwnedPartition } from './owned-partition.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import { failingRead, readLogRange } from './read-range.ts'
import type { TopicStore } from './topic-store.ts'

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
  readonly #partitions: OwnedPartitions
  readonly #commits: MemberCommits
  readonly #unwatch: () => void
  readonly #firstJoin = Promise.withResolvers<void>()
  /** Settled when this member id has left the group, so that nobody waits for it any longer. */
  #gone = Promise.withResolvers<void>()
  #state: ConsumerStatus['state'] = 'joining'
  #generation = -1
  #lastError: Error | null = null
  /** The coordinator has dropped this member and it does not know yet. */
  #isExpired = false

  constructor(options: GroupOptions, listener: GroupListener, deps: ConsumerDeps) {
    this.#options = options
    this.#listener = listener
    this.#deps = deps
    this.topics = options.topics
    this.id = deps.newMemberId()
    this.#partitions = new OwnedPartitions({
      topics: deps.topics,
      maxBytesPerPartition: options.maxBytesPerPartition,
      onChunk: (chunk) => listener.onChunk(chunk),
    })
    const { clock, faults, coordinator } = deps
    this.#commits = new MemberCommits({
      group: options.group,
      clock,
      faults,
      coordinator,
      partitions: this.#partitions,
      isExpired: () => this.#isExpired,
      onUnknownMember: () => this.#noticeExpiry(),
    })
    this.joined = this.#firstJoin.promise
    // Who does not ask for it is told by onFailed: an unhandled rejection would end the process on top.
    this.joined.catch(() => {})
    this.#unwatch = deps.topics.watch({
      onAppended: () => this.#partitions.pump(),
      onTopicsChanged: () => deps.coordinator.has(this) && deps.coordinator.rebalance(),
      onTopicDeleted: (topic) => this.#onTopicDeleted(topic),
    })
    deps.coordinator.join(this)
  }

  get owned(): readonly OwnedPartition[] {
    return this.#partitions.all
  }

  // What the coordinator decides

  enterGeneration(generation: number): void {
    this.#generation = generation
    this.#state = 'stable'
    this.#firstJoin.resolve()
  }

  gain(partitions: readonly TopicPartition[]): void {
    const gained = this.#partitions.add(partitions)
    const started = this.#start(gained)
    for (const owned of gained) owned.started = started
  }

  async giveUp(partitions: readonly TopicPartition[]): Promise<void> {
    const leaving = partitions.flatMap((partition) => this.#partitions.get(partition) ?? [])
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

  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    return this.#commits.commit(requests)
  }

  pause(partitions: readonly TopicPartition[]): void {
    this.#partitions.pause(partitions)
  }

  resume(partitions: readonly TopicPartition[]): void {
    this.#partitions.resume(partitions)
  }

  seek(partition: TopicPartition, epoch: number, position: bigint): void {
    this.#partitions.seek(partition, epoch, position)
  }

  readRange(partition: TopicPartition, from: bigint, to: bigint, signal?: AbortSignal): AsyncIterable<Chunk> {
    const epoch = this.#partitions.get(partition)?.epoch ?? 0
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
      this.#partitions.pump()
    } catch (error) {
      // What was lost meanwhile concerns nobody any more.
      const isCurrent = gained.some((owned) => this.#partitions.has(owned))
      if (isCurrent) this.#fail(error instanceof Error ? error : new Error(String(error)))
    }
  }

  async #drain(leaving: readonly OwnedPartition[], signal: AbortSignal): Promise<void> {
    // Calls for one partition never overlap: its assignment is finished first.
    await Promise.all(leaving.map(({ started }) => started))
    if (!this.#deps.coordinator.has(this)) return
    // A member that was thrown out meanwhile, and is back, may have the same partitions in a later epoch.
    const partitions = leaving
      .filter((owned) => this.#partitions.has(owned))
      .map(({ topic, partition }) => ({ topic, partition }))
    if (partitions.length === 0) return
    // A listener that fails has given up draining; the partitions go all the same.
    await this.#listener.onRevoking(partitions, signal).catch((error: unknown) => {
      this.#lastError = error instanceof Error ? error : new Error(String(error))
    })
    for (const owned of leaving) if (this.#partitions.has(owned)) this.#partitions.delete(owned)
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
    for (const partition of lost) this.#partitions.delete(partition)
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
}
