import type { RawRecord } from '../driver.ts'
import type { EventEnvelope } from '../events/envelope.ts'
import type { Departure } from '../failing/departure.ts'
import type { Trial } from '../failing/outage-watch.ts'
import { historyOf, type RecordHistory } from '../failing/record-history.ts'
import type { BatchPlace } from './batches/batch-assembly.ts'
import type { BatchRegistration } from './definition/batch-handler.ts'
import type { HandlerRegistration } from './definition/handler.ts'
import type { LaneMember } from './lanes/key-lanes.ts'
import type { OutageGate } from './outages/outage-gate.ts'
import type { PartitionRun } from './partition.ts'
import type { ReadyMember } from './lanes/ready-queue.ts'
import { copyOf } from './lanes/record-copy.ts'

/** A decoded event with the handler it is for. */
export interface HandledEvent {
  readonly envelope: EventEnvelope
  readonly registration: HandlerRegistration | BatchRegistration
  /** Where its type waits while nothing of it can be handled; null when nobody watches. */
  readonly gate: OutageGate | null
}

/**
 * One record handed to this group, from its arrival to its settlement or to the end of its epoch. It has one attempt or more, one at a time. State only:
 * `DeliveryRunner` moves it, `PartitionRun` owns it.
 */
export class Delivery implements LaneMember<Delivery>, ReadyMember {
  laneKey: string | null = null
  follower: Delivery | null = null
  predecessor: Delivery | null = null
  isReady = false
  readonly owner: PartitionRun
  record: RawRecord
  readonly ticket: number
  /** What it takes of the intake: its share of the chunk it came in, or its own size. */
  readonly bytes: number
  /** It waited as a ticket, and was read from the log once more. */
  readonly isReadAgain: boolean
  /** Its record shares no memory with others. */
  #isDetached: boolean
  /** Null until it has been decoded, and again never. */
  event: HandledEvent | null = null
  /** Failures of the step it is at, since it was read from this topic: decoding, then handling. */
  failures = 0
  /** Failures that no longer count: those before an outage, and as a probe. */
  earlierFailures = 0
  /** By the monotonic clock; meaningful while `failures` is not 0. */
  firstFailedAtMonotonicMs = 0
  /** Milliseconds since the Unix epoch, for people; null when it never failed here. */
  firstFailedAt: number | null = null
  /** Where it stands among batches; null when it has nothing to do with any. */
  place: BatchPlace | null = null
  /** When its attempt started, in moments of its type's `OutageWatch`. */
  startedAt = 0
  /** What that watch could prove when the attempt started. */
  evidenceAt = -1
  /** What that watch remembers of it; null when it neither failed nor was held. */
  trial: Trial | null = null
  /** Set once it shall leave for another topic: from then on it is written, not attempted. */
  departure: Departure | null = null
  /** Writes of it that failed in a row. */
  writeFailures = 0
  #history: RecordHistory | null = null
  /** In outages. */
  #heldMs = 0

  constructor(owner: PartitionRun, record: RawRecord, ticket: number, bytes: number, isReadAgain = false) {
    this.owner = owner
    this.record = record
    this.ticket = ticket
    this.bytes = bytes
    this.isReadAgain = isReadAgain
    this.#isDetached = isReadAgain
  }

  /** It will be here for long: lets go of the chunk it came in. */
  detach(): void {
    if (this.#isDetached) return
    this.#isDetached = true
    this.record = copyOf(this.record)
  }

  /** What its headers say of its way so far. Read when somebody asks: most records succeed at once. */
  get history(): RecordHistory {
    this.#history ??= historyOf(this.record, this.owner, this.owner.role)
    return this.#history
  }

  /** Attempts that have failed, here and in the topics that it came through. */
  get attemptsMade(): number {
    const here = this.earlierFailures + this.failures
    return this.owner.role.kind === 'retry' ? this.history.attempts + here : here
  }

  /** Its latest failure does not count; that it was attempted does. */
  forgive(): void {
    this.failures -= 1
    this.earlierFailures += 1
  }

  /** After an outage of `heldMs`: its failures so far no longer count, nor does that time. */
  startAnew(heldMs: number): void {
    this.earlierFailures += this.failures
    this.failures = 0
    this.#heldMs += heldMs
  }

  /** Answers how old its failure is, in milliseconds: since its very first one, or since it started anew here. */
  noteFailure(now: number, monotonicMs: number): number {
    if (this.failures === 0) {
      const { firstFailedAt } = this.history
      this.firstFailedAt ??= firstFailedAt ?? now
      // By the clock of another process, perhaps; one that is ahead makes nobody younger than new.
      const agedMs = firstFailedAt === null ? 0 : Math.max(0, now - firstFailedAt - this.#heldMs)
      this.firstFailedAtMonotonicMs = monotonicMs - agedMs
    }
    this.failures += 1
    return monotonicMs - this.firstFailedAtMonotonicMs
  }
}
