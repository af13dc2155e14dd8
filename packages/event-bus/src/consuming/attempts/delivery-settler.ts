import type { Clock } from '../../clock.ts'
import { DeadLetterImpossibleError } from '../../errors.ts'
import { backoffDelayMs, exponential } from '../../failing/backoff.ts'
import { classify, type Treatment } from '../../failing/classification.ts'
import { type DeadLetter, type Departure, describeOutcome, type UnwrittenDeparture } from '../../failing/departure.ts'
import type { DepartureWriter } from '../../failing/departure-writer.ts'
import { describeFailure, type Failure, failureFrom } from '../../failing/failure.ts'
import type { ResolvedFailurePolicy } from '../../failing/failure-policy.ts'
import type { Standing } from '../../failing/outage-watch.ts'
import { type DeadLetterReason, type FailedStep, needsPermit, verdictOn } from '../../failing/verdict.ts'
import type { Logger } from '../../logger.ts'
import type { AttemptSpan, Settlement, SubscriptionMetrics } from '../../tracing/telemetry.ts'
import type { Delivery } from '../delivery.ts'

export interface DeliverySettlerOptions {
  readonly policy: ResolvedFailurePolicy
  readonly departures: DepartureWriter
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

/** Writes that failed are offered again in these waits. */
const WRITE_BACKOFF = exponential({ initialMs: 200, maxMs: 30_000 })

/** What follows an attempt: settlement, another attempt, a retry topic, or a dead letter. */
export class DeliverySettler {
  readonly #options: DeliverySettlerOptions

  constructor(options: DeliverySettlerOptions) {
    this.#options = options
  }

  settle(delivery: Delivery, settlement: Settlement): void {
    const gate = delivery.event?.gate
    // A handler that skips may do so before it has needed anything: only a success shows that others can be handled.
    if (settlement === 'acked') gate?.succeeded(delivery)
    else gate?.ended(delivery)
    this.#options.metrics.settled(delivery.owner.topic, settlement, 1)
    delivery.owner.settle(delivery)
    this.#options.onSettled(delivery)
  }

  /** Carries the verdict on a failure out. Answers whether the record is attempted `again` from here, or is `over` as far as its key is concerned. */
  judge(delivery: Delivery, step: FailedStep, span: AttemptSpan, thrown: unknown): 'again' | 'over' {
    const { clock, policy, random, logger, onRunnable } = this.#options
    const failure = failureFrom(thrown)
    const gate = delivery.event?.gate ?? null
    const ageMs = delivery.noteFailure(clock.now(), clock.monotonic())
    const treatment = step === 'handle' ? this.#treatmentOf(thrown, failure) : 'retry'
    const isAboutOthers = failure.code !== 'REJECTED' && treatment !== 'reject' && treatment !== 'skip'
    const standing = gate !== null && isAboutOthers ? gate.failed(delivery, failure) : 'unwatched'
    const waitedMs = delivery.owner.role.delayMs
    const history = { step, attempt: delivery.failures, ageMs, waitedMs, treatment, standing }
    const verdict = verdictOn(failure, history, policy, random())
    logger.warn({ ...placeOf(delivery), ...history, verdict, trace_id: span.traceId, failure }, 'attempt failed')
    switch (verdict.kind) {
      case 'dead-letter':
        if (needsPermit(verdict.reason)) gate?.watch.takePermit()
        this.giveUp(delivery, span, failure, verdict.reason, standing === 'overdue' ? heldMsOf(delivery, clock) : null)
        return 'over'
      case 'skip':
        this.settle(delivery, 'skipped')
        return 'over'
      case 'await-recovery':
        gate?.awaitRecovery(delivery, standing)
        return 'again'
      case 'retry-topic':
        this.#depart(delivery, { kind: 'retry', delayMs: verdict.delayMs, ...this.#leaving(delivery, span, failure) })
        return 'over'
      case 'second-look':
        gate?.doubt(delivery)
        break
      case 'hold':
        delivery.owner.block(delivery, `${heldBecause(standing)}: ${describeFailure(failure)}`)
        break
      case 'retry':
    }
    delivery.owner.runAgainAfter(delivery, verdict.afterMs, onRunnable)
    return 'again'
  }

  /** Whether a handler that throws this wants its record never tried again. */
  isFinal(thrown: unknown): boolean {
    const failure = failureFrom(thrown)
    const treatment = this.#treatmentOf(thrown, failure)
    return failure.code === 'REJECTED' || treatment === 'reject' || treatment === 'skip'
  }

  #treatmentOf(thrown: unknown, failure: Failure): Treatment {
    const { policy, logger } = this.#options
    return classify(thrown, failure, policy.classify, (err) =>
      logger.error({ err }, 'a predicate of onFailure.classify threw: its rule does not match'),
    )
  }

  /** From here on the record is written to its dead-letter topic until that is acknowledged, and attempted no more. */
  giveUp(
    delivery: Delivery,
    span: AttemptSpan,
    failure: Failure,
    reason: DeadLetterReason,
    heldMs: number | null = null,
  ): void {
    this.#depart(delivery, { kind: 'dead-letter', reason, heldMs, ...this.#leaving(delivery, span, failure) })
  }

  /**
   * I3: the record is settled when its write is acknowledged, and not before; until then its key waits, and the partition's commit stays at it. Takes no slot:
   * a slow dead-letter or retry topic does not stop handlers (I7). Never rejects.
   */
  async write(delivery: Delivery, departure: Departure): Promise<void> {
    const { owner } = delivery
    owner.begin()
    const outcome = await this.#options.departures.write(departure, () => owner.state !== 'fenced')
    if (owner.state !== 'fenced') {
      if (outcome.kind === 'written') this.#departed(delivery, departure)
      else if ('error' in outcome) this.#notWritten(delivery, departure, outcome)
    }
    owner.end()
    this.#options.onRunnable()
  }

  #leaving(delivery: Delivery, span: AttemptSpan, failure: Failure) {
    const { owner, record, event, history } = delivery
    return {
      record,
      history,
      source: owner.role.source,
      failure,
      attempts: delivery.attemptsMade,
      firstFailedAt: delivery.firstFailedAt ?? history.firstFailedAt ?? this.#options.clock.now(),
      eventId: event?.envelope.id ?? null,
      context: span.context,
    }
  }

  #depart(delivery: Delivery, departure: Departure): void {
    delivery.event?.gate?.ended(delivery)
    delivery.departure = departure
    void this.write(delivery, departure)
  }

  #departed(delivery: Delivery, departure: Departure): void {
    if (departure.kind === 'dead-letter') this.#deadLettered(delivery, departure)
    else this.settle(delivery, 'retried')
  }

  #deadLettered(delivery: Delivery, { reason, failure, attempts, heldMs }: DeadLetter): void {
    const { metrics, logger } = this.#options
    metrics.deadLettered(delivery.owner.topic, reason)
    logger.error(
      { ...placeOf(delivery), reason, attempts, failure, ...(heldMs === null ? {} : { heldMs }) },
      heldMs === null ? 'dead-lettered' : 'dead-lettered: nothing of its type succeeded for longer than maxHoldMs',
    )
    this.settle(delivery, 'dead-lettered')
  }

  #notWritten(delivery: Delivery, departure: Departure, outcome: UnwrittenDeparture): void {
    const { logger, policy, random, onRunnable } = this.#options
    const description = describeOutcome(departure, outcome)
    const isDeadLetter = departure.kind === 'dead-letter'
    const err =
      outcome.kind === 'impossible' && isDeadLetter
        ? new DeadLetterImpossibleError(description, { cause: outcome.error })
        : outcome.error
    logger.error({ ...placeOf(delivery), err }, description)
    if (outcome.kind === 'impossible' && !isDeadLetter) {
      // All of it is too large for the retry topic; of a dead letter less may do.
      this.#depart(delivery, { ...departure, kind: 'dead-letter', reason: 'attempts-exhausted', heldMs: null })
      return
    }
    if (outcome.kind === 'impossible' && policy.deadLetterImpossible === 'skip-and-alarm') {
      this.settle(delivery, 'skipped')
      return
    }
    delivery.writeFailures += 1
    delivery.owner.block(delivery, description)
    const afterMs = backoffDelayMs(WRITE_BACKOFF, delivery.writeFailures, random())
    delivery.owner.runAgainAfter(delivery, afterMs, onRunnable)
  }
}

function heldMsOf({ trial }: Delivery, clock: Clock): number | null {
  return trial === null || trial.heldSinceMs === null ? null : Math.round(clock.monotonic() - trial.heldSinceMs)
}

function heldBecause(standing: Standing): string {
  return standing === 'short' ? 'held, because more has been given up lately than was handled' : 'held'
}

/** Where a record lies, for logs. */
function placeOf({ owner, record, event }: Delivery): object {
  const place = { topic: owner.topic, partition: owner.partition, recordOffset: record.offset }
  return event === null ? place : { ...place, eventId: event.envelope.id, eventType: event.envelope.type }
}
