import type { Clock } from '../clock.ts'
import { DeadLetterImpossibleError } from '../errors.ts'
import { backoffDelayMs, exponential } from '../failing/backoff.ts'
import {
  type DeadLetter,
  type DeadLetterWriter,
  describeOutcome,
  type UnwrittenDeadLetter,
} from '../failing/dead-letter.ts'
import { describeFailure, type Failure } from '../failing/failure.ts'
import type { ResolvedFailurePolicy } from '../failing/failure-policy.ts'
import { type DeadLetterReason, type FailedStep, verdictOn } from '../failing/verdict.ts'
import type { Logger } from '../logger.ts'
import type { AttemptSpan, Settlement, SubscriptionMetrics } from '../tracing/telemetry.ts'
import type { Delivery } from './delivery.ts'

export interface DeliverySettlerOptions {
  readonly policy: ResolvedFailurePolicy
  readonly deadLetters: DeadLetterWriter
  readonly clock: Clock
  readonly logger: Logger
  readonly metrics: SubscriptionMetrics
  /** A number from 0 to 1 for jitter. */
  readonly random: () => number
  /** The record has come to its end for this group. */
  readonly onSettled: (delivery: Delivery) => void
  /** Something may run that could not before. */
  readonly onRunnable: () => void
}

/** Dead-letter writes that failed are offered again in these waits. */
const WRITE_BACKOFF = exponential({ initialMs: 200, maxMs: 30_000 })

/** What follows an attempt: settlement, another attempt, or a dead letter. */
export class DeliverySettler {
  readonly #options: DeliverySettlerOptions

  constructor(options: DeliverySettlerOptions) {
    this.#options = options
  }

  settle(delivery: Delivery, settlement: Settlement): void {
    this.#options.metrics.settled(delivery.owner.topic, settlement, 1)
    delivery.owner.settle(delivery)
    this.#options.onSettled(delivery)
  }

  /** Carries the verdict on a failure out. */
  judge(delivery: Delivery, step: FailedStep, span: AttemptSpan, failure: Failure): void {
    const { clock, policy, random, logger, onRunnable } = this.#options
    const ageMs = delivery.noteFailure(clock.now(), clock.monotonic())
    const history = { step, attempt: delivery.failures, ageMs }
    const verdict = verdictOn(failure, history, policy, random())
    logger.warn({ ...placeOf(delivery), ...history, verdict, trace_id: span.traceId, failure }, 'attempt failed')
    if (verdict.kind === 'dead-letter') {
      this.giveUp(delivery, span, failure, verdict.reason)
      return
    }
    if (verdict.kind === 'hold') delivery.owner.block(delivery, `held: ${describeFailure(failure)}`)
    delivery.owner.runAgainAfter(delivery, verdict.afterMs, onRunnable)
  }

  /** From here on the record is written to its dead-letter topic until that is acknowledged, and attempted no more. */
  giveUp(delivery: Delivery, span: AttemptSpan, failure: Failure, reason: DeadLetterReason): void {
    const { owner, record, event } = delivery
    const letter: DeadLetter = {
      record,
      readFrom: owner,
      reason,
      failure,
      attempts: delivery.failures,
      firstFailedAt: delivery.failures === 0 ? this.#options.clock.now() : delivery.firstFailedAt,
      eventId: event?.envelope.id ?? null,
      context: span.context,
    }
    delivery.deadLetter = letter
    void this.write(delivery, letter)
  }

  /**
   * I3: the record is settled when its dead letter is acknowledged, and not before; until then its key waits, and the partition's commit stays at it. Takes
   * no slot: a slow dead-letter topic does not stop handlers (I7). Never rejects.
   */
  async write(delivery: Delivery, letter: DeadLetter): Promise<void> {
    const { owner } = delivery
    owner.begin()
    const outcome = await this.#options.deadLetters.write(letter, () => owner.state !== 'fenced')
    if (owner.state !== 'fenced') {
      if (outcome.kind === 'written') this.#deadLettered(delivery, letter)
      else if ('error' in outcome) this.#notWritten(delivery, outcome)
    }
    owner.end()
    this.#options.onRunnable()
  }

  #deadLettered(delivery: Delivery, { reason, failure, attempts }: DeadLetter): void {
    const { metrics, logger } = this.#options
    metrics.deadLettered(delivery.owner.topic, reason)
    logger.error({ ...placeOf(delivery), reason, attempts, failure }, 'dead-lettered')
    this.settle(delivery, 'dead-lettered')
  }

  #notWritten(delivery: Delivery, outcome: UnwrittenDeadLetter): void {
    const { logger, policy, random, onRunnable } = this.#options
    const description = describeOutcome(outcome)
    const err =
      outcome.kind === 'failed' ? outcome.error : new DeadLetterImpossibleError(description, { cause: outcome.error })
    logger.error({ ...placeOf(delivery), err }, `dead letter ${description}`)
    if (outcome.kind === 'impossible' && policy.deadLetterImpossible === 'skip-and-alarm') {
      this.settle(delivery, 'skipped')
      return
    }
    delivery.writeFailures += 1
    delivery.owner.block(delivery, `dead letter ${description}`)
    const afterMs = backoffDelayMs(WRITE_BACKOFF, delivery.writeFailures, random())
    delivery.owner.runAgainAfter(delivery, afterMs, onRunnable)
  }
}

/** Where a record lies, for logs. */
function placeOf({ owner, record, event }: Delivery): object {
  const place = { topic: owner.topic, partition: owner.partition, recordOffset: record.offset }
  return event === null ? place : { ...place, eventId: event.envelope.id, eventType: event.envelope.type }
}
