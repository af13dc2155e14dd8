import type { Clock } from '../../clock.ts'
import { AttemptTimeoutError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { errorTypeOf } from '../../tracing/error-type.ts'
import type { AttemptOutcome, AttemptSpan, SubscriptionMetrics, Telemetry } from '../../tracing/telemetry.ts'
import type { AttemptEnvironment } from '../attempts/attempt-context.ts'
import type { Batch } from './batch-assembly.ts'
import { BatchAttempt, BatchAttemptContext, type BatchedRecord } from './batch-attempt.ts'
import { allFailed, batchOutcomes, type RecordOutcome } from './batch-outcomes.ts'
import type { Delivery } from '../delivery.ts'
import type { DeliverySettler } from '../attempts/delivery-settler.ts'
import type { InFlight } from '../attempts/in-flight.ts'
import { noteLateness } from '../attempts/retry-lateness.ts'
import type { Slots } from '../attempts/slots.ts'
import { isThenable } from '../attempts/thenable.ts'

export interface BatchRunnerOptions {
  readonly clientId: string
  readonly deadlineMs: number
  readonly environment: AttemptEnvironment
  readonly inFlight: InFlight
  readonly slots: Slots
  readonly settler: DeliverySettler
  readonly clock: Clock
  readonly logger: Logger
  readonly telemetry: Telemetry
  readonly metrics: SubscriptionMetrics
  readonly onLeftBehind: (delivery: Delivery) => void
}

/** Runs a batch that is complete: one slot, one deadline, one call; then an outcome for each record. Which records are in it is decided by `BatchAssembly`. */
export class BatchRunner {
  readonly #options: BatchRunnerOptions

  constructor(options: BatchRunnerOptions) {
    this.#options = options
  }

  start({ registration, deliveries }: Batch): void {
    const { clock, environment, inFlight, slots, deadlineMs, metrics } = this.#options
    // Collected as their keys allowed it: a record that waited for its own is behind younger ones of other keys.
    const ascending = deliveries.toSorted((one, other) => one.ticket - other.ticket)
    const [first, ...others] = ascending.flatMap((delivery) => this.#recordOf(delivery))
    if (first === undefined) return
    const records: readonly [BatchedRecord, ...BatchedRecord[]] = [first, ...others]
    for (const { delivery } of records) noteLateness(delivery, metrics, clock)
    slots.take(first.delivery.owner)
    const span = this.#startSpan(records)
    const attempt = new BatchAttempt(registration, records, span, clock.monotonic(), deadlineMs)
    const context = new BatchAttemptContext(attempt, environment, first)
    const events = records.map(({ envelope }) => envelope)
    let returned: unknown
    let isPending: boolean
    try {
      returned = span.run(() => registration.handleBatch(events, context))
      isPending = isThenable(returned)
    } catch (thrown) {
      this.#end(attempt, allFailed(events.length, thrown))
      return
    }
    if (!isPending) {
      this.#end(attempt, batchOutcomes(returned, events.length))
      return
    }
    inFlight.add(attempt)
    Promise.resolve(returned).then(
      (value) => this.#ended(attempt, () => batchOutcomes(value, events.length)),
      (thrown: unknown) => this.#ended(attempt, () => allFailed(events.length, thrown)),
    )
  }

  /** A fenced attempt is not waited for any longer; its handler may still run. */
  abandon(attempt: BatchAttempt): void {
    const { metrics, logger } = this.#options
    const { topic, partition } = attempt.owner
    metrics.abandoned(topic)
    logger.error(
      { topic, partition, batchSize: attempt.records.length, eventType: attempt.registration.event.type },
      'batch abandoned: its handler did not end after its signal aborted, and still runs',
    )
    this.#endFenced(attempt)
  }

  /** The handler's promise has settled. Of a fenced attempt that changes nothing (I4). */
  #ended(attempt: BatchAttempt, outcomes: () => readonly RecordOutcome[]): void {
    this.#options.inFlight.remove(attempt)
    if (attempt.fencedBy === null) this.#end(attempt, outcomes())
    else if (!attempt.isAbandoned) this.#endFenced(attempt)
  }

  #end(attempt: BatchAttempt, outcomes: readonly RecordOutcome[]): void {
    const failed = outcomes.find((outcome) => outcome.kind === 'failed')
    if (failed !== undefined) attempt.span.fail(failed.thrown)
    this.#report(
      attempt,
      outcomes.map(({ kind }) => (kind === 'failed' ? 'failed' : 'succeeded')),
      failed === undefined ? undefined : errorTypeOf(failed.thrown),
    )
    this.#settle(attempt, outcomes)
    this.#options.slots.end(attempt)
  }

  #endFenced(attempt: BatchAttempt): void {
    const { onLeftBehind, slots } = this.#options
    const isTimeout = attempt.fencedBy === 'deadline'
    const error = isTimeout ? timeoutOf(attempt) : attempt.fencedError()
    attempt.span.fail(error)
    const outcome = isTimeout ? 'timed-out' : 'fenced'
    this.#report(
      attempt,
      attempt.records.map(() => outcome),
      error.code,
    )
    if (attempt.owner.state === 'fenced') for (const { delivery } of attempt.records) onLeftBehind(delivery)
    else if (isTimeout) this.#settle(attempt, allFailed(attempt.records.length, error))
    slots.end(attempt)
  }

  /**
   * In the order of the offsets. What is said of a record counts only as long as none of its key before it is going to be tried again: otherwise the later one
   * would be done, or given up, and then the earlier one handled (I2). It is handled again instead, after that: what is wrong with it may only be that it came
   * without the one before it.
   */
  #settle({ owner, records }: BatchAttempt, outcomes: readonly RecordOutcome[]): void {
    const { settler } = this.#options
    const held = new Set<string>()
    for (const [index, { delivery, span }] of records.entries()) {
      const outcome = outcomes[index]
      if (outcome === undefined) continue
      const { laneKey } = delivery
      const isHeld = laneKey !== null && held.has(laneKey)
      // One that failed behind it is tried again later in any case, alone.
      if (isHeld && (outcome.kind !== 'failed' || settler.isFinal(outcome.thrown))) {
        owner.assembly?.putBack(delivery)
      } else if (outcome.kind !== 'failed') {
        settler.settle(delivery, outcome.kind)
      } else if (settler.judge(delivery, 'handle', span, outcome.thrown) === 'again' && laneKey !== null) {
        held.add(laneKey)
      }
    }
  }

  #report(attempt: BatchAttempt, outcomes: readonly AttemptOutcome[], errorType: string | undefined): void {
    const { metrics, clock } = this.#options
    attempt.span.end()
    const durationMs = clock.monotonic() - attempt.startedAtMs
    metrics.batchAttempted(attempt.owner.topic, attempt.registration.event.type, outcomes, durationMs, errorType)
  }

  #recordOf(delivery: Delivery): BatchedRecord[] {
    const { telemetry, environment, clientId } = this.#options
    const { owner, record, event, place } = delivery
    if (place !== null) place.batch = null
    if (event === null) return []
    const { envelope } = event
    const number = delivery.attemptsMade + 1
    const span = telemetry.attemptInBatch({
      topic: owner.topic,
      partition: owner.partition,
      recordOffset: record.offset,
      group: environment.group,
      clientId,
      eventType: envelope.type,
      eventId: envelope.id,
      attempt: number,
      record,
      traceId: envelope.traceId,
    })
    return [{ delivery, envelope, number, span }]
  }

  #startSpan(records: readonly [BatchedRecord, ...BatchedRecord[]]): AttemptSpan {
    const { telemetry, environment, clientId } = this.#options
    const [{ delivery, envelope }] = records
    return telemetry.startBatch({
      topic: delivery.owner.topic,
      partition: delivery.owner.partition,
      group: environment.group,
      clientId,
      eventType: envelope.type,
      headers: records.map((record) => record.delivery.record.headers),
    })
  }
}

function timeoutOf(attempt: BatchAttempt): AttemptTimeoutError {
  const ms = Math.round(attempt.deadlineAtMs - attempt.startedAtMs)
  return new AttemptTimeoutError(
    `${attempt.description} took longer than its deadline, ${ms} ms after its start (attempt.deadlineMs, ctx.extend)`,
  )
}
