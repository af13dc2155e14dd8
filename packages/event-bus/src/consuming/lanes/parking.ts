import type { Timer } from '../../clock.ts'
import type { Chunk, RawRecord } from '../../driver.ts'
import { Delivery } from '../delivery.ts'
import { FollowerReader, type ReadingEnvironment } from './follower-reader.ts'
import { ParkedLanes } from './parked-lanes.ts'
import type { Blockage, PartitionRun } from '../partition.ts'
import { bytesOf, copyOf } from './record-copy.ts'

/** What parking needs from around the partition. */
export interface ParkingEnvironment extends ReadingEnvironment {
  /** Followers were let go: there is room. */
  readonly onParked: (run: PartitionRun) => void
  /** A follower is on the log no more, and was settled as expired. */
  readonly onExpired: (run: PartitionRun, laneKey: string, recordOffset: bigint) => void
}

/** A lane whose next follower must be read again. */
export interface WantingLane {
  readonly laneKey: string
  readonly recordOffset: bigint
  /** Followers that are parked, that one counted. */
  readonly followers: number
}

/** Waits between two looks for slow lanes while the partition is above a low mark, in milliseconds. */
const LOOK_EVERY_MS = 100

/** A lane is slow when one record has held it for so long, in milliseconds. A lively lane is not parked: there backpressure is right. */
const SLOW_AFTER_MS = 1_000

/** The same where the partition is paused and has nothing left to run: then those who wait are all that there is, and stand in the way of others. */
const SLOW_WHEN_STARVED_MS = 100

/** Followers of one lane that are read ahead at a time, at most. */
const MAX_READ_AHEAD = 256

/**
 * Keeps followers of slow keys as tickets instead of records, so that the rest of the partition has the room (I5, I7). Nothing happens while the partition is below
 * its low marks. Above them, lanes whose head does not move are parked; a lane that is parked gets its followers back from the log when their turn comes.
 */
export class Parking {
  readonly lanes = new ParkedLanes()
  readonly #run: PartitionRun
  readonly #environment: ParkingEnvironment
  readonly #reader: FollowerReader
  #timer: Timer | null = null
  /** When each head of a lane with followers was seen as its head for the first time, by the monotonic clock. */
  #headSince = new Map<Delivery, number>()

  constructor(run: PartitionRun, environment: ParkingEnvironment) {
    this.#run = run
    this.#environment = environment
    this.#reader = new FollowerReader(run, this, environment)
  }

  /** Why followers cannot be read again at present; null when they can, or none is wanted. */
  get blockage(): Blockage | null {
    return this.#reader.blockage
  }

  /** Looks for slow lanes as long as the partition is pressed. Cheap: called for each chunk. */
  watch(): void {
    // By partition there is but one lane, and nobody that its followers stand in the way of.
    if (this.#timer !== null || this.#run.lanes.order !== 'key' || !this.#isPressed) return
    this.#timer = this.#environment.clock.setTimer(() => {
      this.#timer = null
      if (this.#isPressed) this.watch()
      else this.#headSince.clear()
    }, LOOK_EVERY_MS)
    this.#look()
  }

  /** Forgets everything: nothing is received any more. */
  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#headSince.clear()
    this.#reader.stop()
  }

  /** Takes a newcomer whose lane is parked. */
  takes(ticket: number, laneKey: string | null): boolean {
    if (this.lanes.followers === 0 || laneKey === null || !this.lanes.join(laneKey, ticket)) return false
    this.#run.tracker.setParked(ticket, true)
    return true
  }

  /** A lane may hold nothing in memory any more, or less than before. */
  emptied(laneKey: string | null): void {
    if (this.lanes.followers === 0 || laneKey === null || !this.#run.lanes.isEmpty(laneKey)) return
    if (this.lanes.emptied(laneKey)) this.#reader.wake()
  }

  /**
   * Takes from a chunk that was read again what lanes want: the next follower of each that holds nothing, and some more of the same lanes while there is room.
   * What the chunk passes over without its record is on the log no more.
   */
  restore(chunk: Chunk): void {
    // Of a lane that wants something below, this chunk says nothing.
    const turns = new Set<string>()
    for (const { laneKey, recordOffset } of this.wanted()) if (recordOffset >= chunk.fetchedFrom) turns.add(laneKey)
    const isFull = new Set<string>()
    const taken = new Map<string, number>()
    for (const record of chunk.records) {
      const laneKey = this.#run.lanes.laneKeyOf(record.key)
      if (laneKey === null || isFull.has(laneKey) || !turns.has(laneKey)) continue
      this.#expireBefore(laneKey, record.offset)
      const lane = this.lanes.get(laneKey)
      if (lane === undefined || this.#firstOffset(laneKey) !== record.offset) continue
      const count = taken.get(laneKey) ?? 0
      const isAhead = count > 0 || this.#isCollected(laneKey)
      if (isAhead && (count >= lane.readAhead || !this.#run.intake.hasRoomToReadAhead)) {
        isFull.add(laneKey)
        continue
      }
      taken.set(laneKey, count + 1)
      this.#restoreOne(laneKey, record)
    }
    for (const laneKey of turns) {
      const lane = this.lanes.get(laneKey)
      if (!taken.has(laneKey)) {
        if (!isFull.has(laneKey)) this.#expireBefore(laneKey, chunk.nextPosition)
      } else if (lane !== undefined) {
        lane.readAhead = Math.min(MAX_READ_AHEAD, lane.readAhead * 2)
      }
    }
  }

  /** The lanes that hold nothing in memory, with the offset of their next follower; without those that wait for their batch while there is no room. */
  *wanted(): Iterable<WantingLane> {
    const { hasRoomToReadAhead } = this.#run.intake
    for (const [laneKey, { tickets }] of this.lanes.wanting) {
      if (tickets.first === undefined || (!hasRoomToReadAhead && this.#isCollected(laneKey))) continue
      yield { laneKey, recordOffset: this.#run.tracker.offsetOf(tickets.first), followers: tickets.size }
    }
  }

  /** Whether records of the lane are in a batch, or behind one: the lane is empty, and they are in memory all the same. Its followers are read again when they are settled. */
  #isCollected(laneKey: string): boolean {
    return this.#run.assembly?.holds(laneKey) === true
  }

  /** The offset of the lane's first parked follower; null when it has none. */
  #firstOffset(laneKey: string): bigint | null {
    const ticket = this.lanes.get(laneKey)?.tickets.first
    return ticket === undefined ? null : this.#run.tracker.offsetOf(ticket)
  }

  /** Each parked lane with the offset of its first parked follower. */
  *firstOffsets(): Iterable<readonly [laneKey: string, firstOffset: bigint]> {
    for (const [laneKey, ticket] of this.lanes.firsts()) yield [laneKey, this.#run.tracker.offsetOf(ticket)]
  }

  get #isPressed(): boolean {
    return this.#run.state === 'active' && this.#run.intake.isPressed
  }

  #look(): void {
    const nowMs = this.#environment.clock.monotonic()
    const { intake, ready, arrivals } = this.#run
    const isStarved = intake.isPaused && ready.size === 0 && arrivals.isEmpty
    const slowAfterMs = isStarved ? SLOW_WHEN_STARVED_MS : SLOW_AFTER_MS
    const heads = new Map<Delivery, number>()
    let hasParked = false
    for (const head of [...this.#run.lanes.heldUp()]) {
      // It waits for a slot as others do: the lane is not slow, and its followers would be read again as soon as they are let go.
      if (head.isReady) continue
      const sinceMs = this.#headSince.get(head) ?? nowMs
      heads.set(head, sinceMs)
      if (nowMs - sinceMs < slowAfterMs) continue
      this.#parkBehind(head)
      hasParked = true
    }
    this.#headSince = heads
    if (hasParked) this.#environment.onParked(this.#run)
  }

  #parkBehind(head: Delivery): void {
    const { lanes, intake, tracker } = this.#run
    head.detach()
    const followers = lanes.cutBehind(head)
    for (const { ticket, bytes, isReadAgain } of followers) {
      intake.release(1, bytes, isReadAgain)
      tracker.setParked(ticket, true)
    }
    if (head.laneKey !== null)
      this.lanes.park(
        head.laneKey,
        followers.map(({ ticket }) => ticket),
      )
  }

  #restoreOne(laneKey: string, record: RawRecord): void {
    const lane = this.lanes.get(laneKey)
    const ticket = lane?.tickets.first
    if (lane === undefined || ticket === undefined) return
    const copy = copyOf(record)
    this.lanes.shift(laneKey, lane, true)
    this.#run.restore(new Delivery(this.#run, copy, ticket, bytesOf(copy), true), laneKey)
  }

  /** Settles followers of a lane below this offset: the log was read up to there without them. */
  #expireBefore(laneKey: string, recordOffset: bigint): void {
    for (;;) {
      const lane = this.lanes.get(laneKey)
      const ticket = lane?.tickets.first
      if (lane === undefined || ticket === undefined) return
      const first = this.#run.tracker.offsetOf(ticket)
      if (first >= recordOffset) return
      this.lanes.shift(laneKey, lane, !this.#run.lanes.isEmpty(laneKey))
      this.#run.tracker.settle(ticket)
      this.#environment.onExpired(this.#run, laneKey, first)
    }
  }
}
