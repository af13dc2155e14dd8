import type { Clock } from '../clock.ts'
import type { AssignedPartition, Chunk, RawRecord, TopicPartition } from '../driver.ts'
import type { TopicRole } from '../topics.ts'
import { type Arrival, Arrivals } from './intake/arrivals.ts'
import { BatchAssembly } from './batches/batch-assembly.ts'
import type { Committable } from './offsets/committer.ts'
import { Delivery } from './delivery.ts'
import type { DueGate } from './intake/due-gate.ts'
import type { Backlog, Intake } from './intake/flow-control.ts'
import { InheritedOffsets } from './offsets/inherited-offsets.ts'
import { KeyLanes, type Order } from './lanes/key-lanes.ts'
import { encodeOffsetMap, type OffsetMap } from './offsets/offset-map.ts'
import { OffsetTracker } from './offsets/offset-tracker.ts'
import { Parking, type ParkingEnvironment } from './lanes/parking.ts'
import { ReadyQueue } from './lanes/ready-queue.ts'
import { RetryWaits } from './attempts/retry-waits.ts'
import { waitingMapOf } from './offsets/waiting-map.ts'

/** Why a record does not get on, for health. */
export interface Blockage {
  readonly reason: string
  /** By the monotonic clock. */
  readonly sinceMs: number
}

export interface PartitionRunOptions {
  readonly assigned: AssignedPartition
  readonly position: bigint
  /** What the group has stored; null when the first commit may be anywhere. */
  readonly committedOffset: bigint | null
  /** What earlier epochs settled beyond the committed offset; null when nothing is known to be. */
  readonly inherited: OffsetMap | null
  readonly order: Order
  readonly role: TopicRole
  /** Of a retry topic: lets through what is due. */
  readonly gate: DueGate | null
  readonly intake: Intake
  readonly clock: Clock
  readonly parking: ParkingEnvironment
  /** All of a chunk was taken, perhaps without anything that can run: what was settled before, or waits behind a slow key, and control batches. */
  readonly onMoved: () => void
  /** For subscriptions with handlers of batches: a batch may start because time has passed. */
  readonly onBatchDue?: () => void
}

/**
 * One partition during one assignment (epoch): what was received, what may run, what is settled. When the epoch ends the object is fenced and thrown away,
 * and whatever still refers to it changes nothing any more (I4).
 *
 * - `active`: receives, runs, settles.
 * - `draining`: still owned; receives and starts nothing; what is under way may settle and be committed.
 * - `fenced`: owned by somebody else.
 */
export class PartitionRun implements Committable {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  readonly role: TopicRole
  readonly gate: DueGate | null
  readonly intake: Intake
  readonly tracker: OffsetTracker
  readonly lanes: KeyLanes<Delivery>
  readonly parking: Parking
  /** Null where nothing is handled in batches. */
  readonly assembly: BatchAssembly | null
  /** Those that may run now and wait for a slot. What has arrived comes after them, and is not looked at before. */
  readonly ready = new ReadyQueue<Delivery>()
  readonly arrivals = new Arrivals()
  /** Records that do not get on for a reason that somebody should know. */
  readonly blocked = new Map<Delivery, Blockage>()
  state: 'active' | 'draining' | 'fenced' = 'active'
  /** Attempts that hold a slot. */
  attempts = 0
  /** Slots that it may hold though they are more than its share: one more than it held when an attempt last ended by itself, none once one has passed its deadline. */
  allowance = 0
  committedOffset: bigint | null
  committedRevision: number | null
  isCommitFenced = false
  isMetadataRefused = false
  highWatermark: bigint
  /** Where the next chunk must start. */
  position: bigint
  readonly #clock: Clock
  readonly #onMoved: () => void
  #mapFill = 0
  #inherited: InheritedOffsets | null
  readonly waits: RetryWaits
  /** Attempts and writes whose end may still change something. */
  #underWay = 0
  #onIdle: (() => void) | null = null
  #drained: Promise<void> | null = null

  constructor(options: PartitionRunOptions) {
    const { assigned, position, committedOffset, inherited, order, role, gate, intake, clock, parking } = options
    const { onMoved, onBatchDue } = options
    this.topic = assigned.topic
    this.partition = assigned.partition
    this.epoch = assigned.epoch
    this.highWatermark = assigned.logEndOffset
    this.committedOffset = committedOffset
    this.role = role
    this.gate = gate
    this.intake = intake
    this.position = position
    this.tracker = new OffsetTracker(position)
    this.#inherited = inherited === null ? null : new InheritedOffsets(inherited)
    // Where retention has overtaken the group, the position that follows from it is something new to commit.
    this.committedRevision = committedOffset === position ? this.tracker.revision : null
    this.lanes = new KeyLanes(order)
    this.parking = new Parking(this, parking)
    this.#clock = clock
    this.waits = new RetryWaits(clock)
    this.#onMoved = onMoved
    this.assembly =
      onBatchDue === undefined
        ? null
        : new BatchAssembly({
            makeReady: (delivery) => this.ready.push(delivery),
            leaveLane: (delivery) => this.leaveLane(delivery),
            onRunnable: onBatchDue,
            clock,
          })
  }

  get nextOffset(): bigint {
    return this.tracker.nextOffset
  }

  get revision(): number {
    return this.tracker.revision
  }

  /** When the lowest unsettled record was received, by the monotonic clock; null when all is settled. */
  get oldestReceivedAt(): number | null {
    return (
      this.tracker.oldestReceivedAt ?? (this.arrivals.size > 0 ? (this.arrivals.first?.receivedAtMs ?? null) : null)
    )
  }

  /** What is kept besides records in memory. Where metadata is refused it keeps nothing, and nothing waits for room in it. */
  get #backlog(): Backlog {
    const isRefused = this.isMetadataRefused
    return {
      parked: this.parking.lanes.followers,
      mapFill: isRefused ? 0 : this.#mapFill,
      uncommittable: isRefused ? this.tracker.settledBeyond : 0,
    }
  }

  /** Whether nothing more should be fetched now: what comes next is not due, or there is enough here. */
  get wantsPause(): boolean {
    // In this order: a partition that is paused asks after each record, and mostly still has enough in memory.
    return this.gate?.isShut === true || this.intake.isFull || this.intake.isFullOf(this.#backlog)
  }

  metadata(): string {
    const map = waitingMapOf(this.tracker, this.parking.firstOffsets(), this.#inherited)
    const { metadata, fill } = encodeOffsetMap(this.nextOffset, map)
    this.#mapFill = fill
    return metadata
  }

  /** Takes in a chunk that starts at `position` (I1). */
  receive(chunk: Chunk): void {
    const { records, nextPosition, highWatermark } = chunk
    const { bytesEach } = this.arrivals.add(chunk, this.#clock.monotonic())
    this.intake.hold(records.length, bytesEach * records.length, false)
    this.position = nextPosition
    this.highWatermark = highWatermark
  }

  /** Whether something may run now. Takes from what has arrived until there is something: the dispatcher asks when it has a slot. */
  offersWork(): boolean {
    return this.ready.size > 0 || this.#takeUntilReady()
  }

  #takeUntilReady(): boolean {
    for (let arrival = this.arrivals.first; arrival !== undefined; arrival = this.arrivals.first) {
      // With one lane for all there is nothing to look for behind the record that holds it.
      if (this.lanes.order === 'partition' && this.lanes.size > 0) return false
      const record = this.arrivals.take(arrival)
      if (record === null) this.#passed(arrival)
      else if (this.#take(record, arrival)) return true
    }
    return false
  }

  /** Answers whether the record may run now. */
  #take(record: RawRecord, { receivedAtMs, bytesEach }: Arrival): boolean {
    const { offset, key } = record
    const laneKey = this.lanes.laneKeyOf(key)
    const ticket = this.tracker.track(offset, receivedAtMs, this.lanes.order === 'key' ? laneKey : null)
    const isSettled = this.#inherited?.isSettled(offset, key) === true
    if (isSettled) this.tracker.settle(ticket)
    if (isSettled || this.parking.takes(ticket, laneKey)) {
      this.intake.release(1, bytesEach, false)
      return false
    }
    const delivery = new Delivery(this, record, ticket, bytesEach)
    if (!this.lanes.enter(delivery, laneKey)) return false
    this.ready.push(delivery)
    return true
  }

  #passed({ nextPosition }: Arrival): void {
    this.tracker.advance(nextPosition)
    if (this.#inherited !== null && this.#inherited.boundary <= nextPosition) this.#inherited = null
    this.#onMoved()
  }

  /** Takes back a follower that was parked: the next of its lane. */
  restore(delivery: Delivery, laneKey: string): void {
    this.intake.hold(1, delivery.bytes, true)
    this.tracker.setParked(delivery.ticket, false)
    if (this.lanes.enter(delivery, laneKey)) this.ready.push(delivery)
  }

  /** The record has reached its end for this group; the next of its lane may run. */
  settle(delivery: Delivery): void {
    this.blocked.delete(delivery)
    this.tracker.settle(delivery.ticket)
    this.intake.release(1, delivery.bytes, delivery.isReadAgain)
    const hasLeftLane = delivery.place?.hasLeftLane === true
    if (!hasLeftLane) this.leaveLane(delivery)
    this.assembly?.settled(delivery)
    if (hasLeftLane) this.parking.emptied(delivery.laneKey)
  }

  /** Opens the lane that a record held: one of this epoch, or one of an earlier epoch whose handler has ended at last. */
  leaveLane(delivery: Delivery): void {
    const next = this.lanes.leave(delivery)
    if (this.state !== 'active') return
    if (next !== null) this.ready.push(next)
    else this.parking.emptied(delivery.laneKey)
  }

  /** Lets the record run again after `ms`; its lane stays closed meanwhile. When draining it is simply left for the next owner. */
  runAgainAfter(delivery: Delivery, ms: number, onReady: () => void): void {
    if (this.state !== 'active') return
    delivery.detach()
    this.waits.add(delivery, ms, () => {
      this.ready.push(delivery)
      onReady()
    })
  }

  /** The record may run: what held it back is over. */
  makeReady(delivery: Delivery): void {
    if (this.state === 'active') this.ready.push(delivery)
  }

  block(delivery: Delivery, reason: string): void {
    this.blocked.set(delivery, { reason, sinceMs: this.blocked.get(delivery)?.sinceMs ?? this.#clock.monotonic() })
  }

  begin(): void {
    this.#underWay += 1
  }

  end(): void {
    this.#underWay -= 1
    if (this.#underWay === 0) this.#onIdle?.()
  }

  /** Starts nothing any more. Resolves when nothing is under way, which may be never. Idempotent. */
  drain(): Promise<void> {
    if (this.state === 'active') this.state = 'draining'
    this.#forgetWaiting()
    this.#drained ??= new Promise((resolve) => {
      this.#onIdle = resolve
    })
    if (this.#underWay === 0) this.#onIdle?.()
    return this.#drained
  }

  /** The epoch is over. */
  fence(): void {
    this.state = 'fenced'
    this.#forgetWaiting()
    this.gate?.close()
    this.blocked.clear()
    this.intake.releaseAll()
    this.#onIdle?.()
  }

  #forgetWaiting(): void {
    this.ready.clear()
    this.arrivals.clear()
    this.parking.stop()
    this.assembly?.release()
    this.waits.clear()
  }
}

/** Identifies a partition across epochs. */
export function partitionId({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
