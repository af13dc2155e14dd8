import { AttemptFencedError } from '../../errors.ts'
import type { EventEnvelope } from '../../events/envelope.ts'
import type { AttemptSpan } from '../../tracing/telemetry.ts'
import type { Delivery } from '../delivery.ts'
import type { PartitionRun } from '../partition.ts'

/** Why the outcome of an attempt no longer counts. */
export type FenceCause = 'deadline' | 'partition-gone'

/** One run of a handler, for one record or for a batch. State only; `InFlight` watches over its time, whoever started it over its outcome. */
export abstract class Attempt {
  readonly owner: PartitionRun
  readonly span: AttemptSpan
  /** By the monotonic clock. */
  readonly startedAtMs: number
  /** By the monotonic clock. Only `InFlight` moves it. */
  deadlineAtMs: number
  fencedBy: FenceCause | null = null
  /** It did not end in time after its abort: keys and slot were given to others. */
  isAbandoned = false
  /** Which part of `InFlight` watches over it: nobody before its handler has returned a promise, and after that has settled. */
  watchedIn: 'nothing' | 'line' | 'extended' | 'aborted' = 'nothing'
  /** Neighbours in the line of `InFlight`. */
  previous: Attempt | null = null
  next: Attempt | null = null
  // Made when somebody asks: most handlers never look at their signal, and a controller costs more than the rest of an attempt.
  #controller: AbortController | null = null

  constructor(owner: PartitionRun, span: AttemptSpan, startedAtMs: number, deadlineMs: number) {
    this.owner = owner
    this.span = span
    this.startedAtMs = startedAtMs
    this.deadlineAtMs = startedAtMs + deadlineMs
  }

  /** What it is an attempt at, in order. */
  abstract get deliveries(): readonly Delivery[]

  /** For messages: which attempt at what. */
  abstract get description(): string

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.fencedBy !== null) this.#controller.abort(this.fencedError())
    }
    return this.#controller.signal
  }

  /** I4: from here on its outcome, its publishes and its inbox writes are refused. The first cause stays. */
  fence(cause: FenceCause): void {
    if (this.fencedBy !== null) return
    this.fencedBy = cause
    this.#controller?.abort(this.fencedError())
  }

  fencedError(): AttemptFencedError {
    const why = this.fencedBy === 'deadline' ? 'passed its deadline' : 'lost its partition'
    return new AttemptFencedError(
      `${this.description} ${why}: nothing was written. Stop working when ctx.signal aborts; the event is handled again.`,
    )
  }
}

/** An attempt at one record. */
export class RecordAttempt extends Attempt {
  readonly delivery: Delivery
  readonly envelope: EventEnvelope
  /** From 1. */
  readonly number: number

  constructor(delivery: Delivery, envelope: EventEnvelope, span: AttemptSpan, startedAtMs: number, deadlineMs: number) {
    super(delivery.owner, span, startedAtMs, deadlineMs)
    this.delivery = delivery
    this.envelope = envelope
    this.number = delivery.attemptsMade + 1
  }

  get deliveries(): readonly Delivery[] {
    return [this.delivery]
  }

  get description(): string {
    return `attempt ${this.number} at '${this.envelope.type}' ${this.envelope.id}`
  }
}
