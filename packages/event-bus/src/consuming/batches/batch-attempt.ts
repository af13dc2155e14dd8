import type { EventEnvelope } from '../../events/envelope.ts'
import type { Logger } from '../../logger.ts'
import type { AttemptSpan } from '../../tracing/telemetry.ts'
import { Attempt } from '../attempts/attempt.ts'
import { AttemptContext, type AttemptEnvironment, type AttemptedRecord } from '../attempts/attempt-context.ts'
import type { BatchContext, BatchRegistration } from '../definition/batch-handler.ts'
import type { Delivery } from '../delivery.ts'
import type { HandlerContext } from '../definition/handler.ts'

/** A record of a batch. Its span is none: it is handled in the batch's, and what it causes continues its own trace. */
export interface BatchedRecord extends AttemptedRecord {
  readonly delivery: Delivery
}

/** An attempt at a batch. */
export class BatchAttempt extends Attempt {
  readonly registration: BatchRegistration
  /** In the order of their offsets; at least one. */
  readonly records: readonly BatchedRecord[]

  constructor(
    registration: BatchRegistration,
    records: readonly [BatchedRecord, ...BatchedRecord[]],
    span: AttemptSpan,
    startedAtMs: number,
    deadlineMs: number,
  ) {
    super(records[0].delivery.owner, span, startedAtMs, deadlineMs)
    this.registration = registration
    this.records = records
  }

  get deliveries(): readonly Delivery[] {
    return this.records.map(({ delivery }) => delivery)
  }

  get description(): string {
    const { topic, partition } = this.owner
    return `an attempt at a batch of ${this.records.length} '${this.registration.event.type}' from ${topic}/${partition}`
  }
}

/** The handler's view of an attempt at a batch: what concerns all of it is that of its first record. */
export class BatchAttemptContext implements BatchContext {
  readonly #attempt: BatchAttempt
  readonly #environment: AttemptEnvironment
  readonly #whole: HandlerContext
  #log: Logger | null = null
  readonly #contexts = new Map<EventEnvelope, HandlerContext>()

  constructor(attempt: BatchAttempt, environment: AttemptEnvironment, first: AttemptedRecord) {
    this.#attempt = attempt
    this.#environment = environment
    this.#whole = new AttemptContext(attempt, first, environment)
  }

  get group(): string {
    return this.#environment.group
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get deadlineAt(): number {
    return this.#whole.deadlineAt
  }

  get extend(): BatchContext['extend'] {
    return this.#whole.extend
  }

  get isFenced(): BatchContext['isFenced'] {
    return this.#whole.isFenced
  }

  get throwIfFenced(): BatchContext['throwIfFenced'] {
    return this.#whole.throwIfFenced
  }

  get log(): Logger {
    const { owner, records, registration, span } = this.#attempt
    this.#log ??= this.#environment.logger.child({
      eventType: registration.event.type,
      topic: owner.topic,
      partition: owner.partition,
      batchSize: records.length,
      trace_id: span.traceId,
    })
    return this.#log
  }

  get for(): BatchContext['for'] {
    return (event) => {
      // One for each event, because it counts what was published.
      const known = this.#contexts.get(event)
      if (known !== undefined) return known
      const record = this.#attempt.records.find(({ envelope }) => envelope === event)
      if (record === undefined) throw new RangeError('ctx.for takes an event of this batch, as the handler got it')
      const context = new AttemptContext(this.#attempt, record, this.#environment)
      this.#contexts.set(event, context)
      return context
    }
  }
}
