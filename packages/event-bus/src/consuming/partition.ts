import type { Clock, Timer } from '../clock.ts'
import type { AssignedPartition, Chunk, TopicPartition } from '../driver.ts'
import type { TopicRole } from '../topics.ts'
import type { Committable } from './committer.ts'
import { Delivery } from './delivery.ts'
import type { DueGate } from './due-gate.ts'
import { Fifo } from './fifo.ts'
import type { Intake } from './flow-control.ts'
import { KeyLanes, type Order } from './key-lanes.ts'
import { encodeOffsetMap, type OffsetRange } from './offset-map.ts'
import { OffsetTracker } from './offset-tracker.ts'

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
  /** What an earlier epoch settled beyond `position`. */
  readonly inherited: readonly OffsetRange[]
  readonly order: Order
  readonly role: TopicRole
  /** Of a retry topic: lets through what is due. */
  readonly gate: DueGate | null
  readonly intake: Intake
  readonly clock: Clock
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
  /** Those that may run now and wait for a slot. */
  readonly ready = new Fifo<Delivery>()
  /** Records that do not get on for a reason that somebody should know. */
  readonly blocked = new Map<Delivery, Blockage>()
  state: 'active' | 'draining' | 'fenced' = 'active'
  /** Attempts that hold a slot. */
  attempts = 0
  committedOffset: bigint | null
  committedRevision: number | null
  isCommitFenced = false
  isMetadataRefused = false
  highWatermark: bigint
  readonly #clock: Clock
  #mapFill = 0
  readonly #waits = new Map<Delivery, Timer>()
  /** Attempts and writes whose end may still change something. */
  #underWay = 0
  #onIdle: (() => void) | null = null
  #drained: Promise<void> | null = null

  constructor(options: PartitionRunOptions) {
    const { assigned, position, committedOffset, inherited, order, role, gate, intake, clock } = options
    this.topic = assigned.topic
    this.partition = assigned.partition
    this.epoch = assigned.epoch
    this.highWatermark = assigned.logEndOffset
    this.committedOffset = committedOffset
    this.role = role
    this.gate = gate
    this.intake = intake
    this.tracker = new OffsetTracker(position, inherited)
    this.committedRevision = committedOffset === null ? null : this.tracker.revision
    this.lanes = new KeyLanes(order)
    this.#clock = clock
  }

  get nextOffset(): bigint {
    return this.tracker.nextOffset
  }

  get revision(): number {
    return this.tracker.revision
  }

  /** How full the last commit's metadata was, from 0 to 1. Where it is refused it keeps nothing, and nothing waits for room in it. */
  get mapFill(): number {
    return this.isMetadataRefused ? 0 : this.#mapFill
  }

  /** Whether nothing more should be fetched now: what comes next is not due, or there is enough here. */
  get wantsPause(): boolean {
    return this.gate?.isShut === true || this.intake.wantsPause(this.tracker.span, this.mapFill)
  }

  metadata(): string {
    const { metadata, fill } = encodeOffsetMap(this.nextOffset, this.tracker.settledBeyond())
    this.#mapFill = fill
    return metadata
  }

  /** Takes a chunk in; `tracker.continuesAt` must have allowed it. */
  receive(chunk: Chunk): void {
    const { records } = chunk
    const now = this.#clock.monotonic()
    const bytesEach = records.length === 0 ? 0 : Math.ceil(chunk.bytes / records.length)
    for (const record of records) {
      const { offset } = record
      const isSettled = this.tracker.isInherited(offset)
      const ticket = this.tracker.track(offset, now)
      if (isSettled) {
        this.tracker.settle(ticket)
        continue
      }
      this.intake.hold(1, bytesEach)
      const delivery = new Delivery(this, record, ticket, bytesEach)
      if (this.lanes.enter(delivery, record.key)) this.ready.push(delivery)
    }
    this.tracker.advance(chunk.nextPosition)
    this.highWatermark = chunk.highWatermark
  }

  /** The record has reached its end for this group; the next of its lane may run. */
  settle(delivery: Delivery): void {
    this.blocked.delete(delivery)
    this.tracker.settle(delivery.ticket)
    this.intake.release(1, delivery.bytes)
    this.leaveLane(delivery)
  }

  /** Opens the lane that a record held: one of this epoch, or one of an earlier epoch whose handler has ended at last. */
  leaveLane(delivery: Delivery): void {
    const next = this.lanes.leave(delivery)
    if (next !== null && this.state === 'active') this.ready.push(next)
  }

  /** Lets the record run again after `ms`; its lane stays closed meanwhile. When draining it is simply left for the next owner. */
  runAgainAfter(delivery: Delivery, ms: number, onReady: () => void): void {
    if (this.state !== 'active') return
    const timer = this.#clock.setTimer(() => {
      this.#waits.delete(delivery)
      this.ready.push(delivery)
      onReady()
    }, ms)
    this.#waits.set(delivery, timer)
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
    for (const timer of this.#waits.values()) timer.cancel()
    this.#waits.clear()
  }
}

/** Identifies a partition across epochs. */
export function partitionId({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
