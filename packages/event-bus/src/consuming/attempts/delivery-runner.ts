import type { Clock } from '../../clock.ts'
import { AttemptTimeoutError } from '../../errors.ts'
import type { Decoded, EventDecoder } from '../../events/event-codec.ts'
import { failureFrom } from '../../failing/failure.ts'
import type { FailedStep } from '../../failing/verdict.ts'
import type { Logger } from '../../logger.ts'
import { errorTypeOf } from '../../tracing/error-type.ts'
import type { AttemptOutcome, AttemptSpan, SubscriptionMetrics, Telemetry } from '../../tracing/telemetry.ts'
import { RecordAttempt } from './attempt.ts'
import { AttemptContext, type AttemptEnvironment } from './attempt-context.ts'
import { BatchAttempt } from '../batches/batch-attempt.ts'
import { isOfBatches } from '../definition/batch-handler.ts'
import { BatchRunner } from '../batches/batch-runner.ts'
import type { Delivery, HandledEvent } from '../delivery.ts'
import type { DeliverySettler } from './delivery-settler.ts'
import { type HandlerRegistration, isSkip } from '../definition/handler.ts'
import { InFlight } from './in-flight.ts'
import type { OutageGates } from '../outages/outage-gates.ts'
import { noteLateness } from './retry-lateness.ts'
import { Slots } from './slots.ts'
import type { SubscriptionDefinition } from '../definition/subscription-definition.ts'
import { isThenable } from './thenable.ts'

export interface DeliveryRunnerOptions {
  readonly definition: SubscriptionDefinition
  readonly clientId: string
  readonly decoder: EventDecoder
  readonly settler: DeliverySettler
  readonly gates: OutageGates
  readonly publisher: AttemptEnvironment['publisher']
  readonly clock: Clock
  readonly logger: Logger
  readonly telemetry: Telemetry
  readonly metrics: SubscriptionMetrics
  /** A slot is free again. */
  readonly onSlotFree: () => void
  /** A handler of an epoch that is over has ended, or was given up: its key need not wait any longer. */
  readonly onLeftBehind: (delivery: Delivery) => void
}

/**
 * Runs a delivery: decode, attempt, outcome. It knows nothing of order and limits; whoever calls `run` has decided that the record may run and that a slot is
 * free for it. What follows an outcome is the settler's.
 *
 * Handlers that answer synchronously are settled before `run` returns, without a promise or a microtask.
 */
export class DeliveryRunner {
  readonly inFlight: InFlight
  readonly #options: DeliveryRunnerOptions
  readonly #registrations: ReadonlyMap<string, HandledEvent['registration']>
  readonly #environment: AttemptEnvironment
  readonly #slots: Slots
  readonly #batches: BatchRunner

  constructor(options: DeliveryRunnerOptions) {
    const { definition, clock, logger, publisher } = options
    this.#options = options
    this.#registrations = new Map(definition.on.map((registration) => [registration.event.type, registration]))
    this.#environment = {
      group: definition.group,
      clock,
      logger,
      publisher,
      extend: (attempt, ms) => this.inFlight.extend(attempt, ms),
    }
    this.inFlight = new InFlight({
      clock,
      limits: definition.attempt,
      onAbandoned: (attempt) => {
        if (attempt instanceof BatchAttempt) this.#batches.abandon(attempt)
        else if (attempt instanceof RecordAttempt) this.#abandon(attempt)
      },
    })
    this.#slots = new Slots(options.onSlotFree)
    this.#batches = new BatchRunner({
      ...options,
      deadlineMs: definition.attempt.deadlineMs,
      environment: this.#environment,
      inFlight: this.inFlight,
      slots: this.#slots,
    })
  }

  /** Attempts that have not ended and are not abandoned. */
  get slotsTaken(): number {
    return this.#slots.taken
  }

  /** Answers whether a handler was called; what is undecodable, of no interest or held, or must be looked up first, calls none. */
  run(delivery: Delivery): boolean {
    if (delivery.departure !== null) {
      void this.#options.settler.write(delivery, delivery.departure)
      return false
    }
    const batch = delivery.place?.batch
    if (batch !== null && batch !== undefined) {
      this.#batches.start(batch)
      return true
    }
    this.#slots.take(delivery.owner)
    return delivery.event === null ? this.#decode(delivery) : this.#handle(delivery, delivery.event)
  }

  #decode(delivery: Delivery): boolean {
    let decoded: Decoded | Promise<Decoded>
    try {
      decoded = this.#options.decoder.decode(delivery.record, delivery.owner)
    } catch (thrown) {
      this.#undecoded(delivery, 'decode', thrown)
      return false
    }
    if (decoded instanceof Promise) {
      // A schema must be looked up first; once for each schema.
      decoded.then(
        (found) => this.#lookedUp(delivery, found),
        (thrown: unknown) => this.#undecoded(delivery, 'look-up', thrown),
      )
      return false
    }
    const event = this.#handledEvent(delivery, decoded)
    return event !== null && this.#handle(delivery, event)
  }

  /** Back to where it came from: pause and rate limit may not allow the attempt any more that they allowed before the look-up. */
  #lookedUp(delivery: Delivery, decoded: Decoded): void {
    const { owner } = delivery
    // A look-up may take longer than the partition stays.
    if (owner.state !== 'active') this.#slots.free(delivery.owner)
    else if (this.#handledEvent(delivery, decoded) !== null) {
      owner.ready.push(delivery)
      this.#slots.free(delivery.owner)
    }
  }

  /** Finds the handler; null when there is none, and the delivery has come to its end. */
  #handledEvent(delivery: Delivery, decoded: Decoded): HandledEvent | null {
    const registration = decoded.kind === 'event' ? this.#registrations.get(decoded.definition.type) : undefined
    if (decoded.kind === 'unknown-type' || registration === undefined) {
      this.#unknownType(delivery, decoded.kind === 'event' ? decoded.definition.type : decoded.type)
      return null
    }
    if (decoded.headerMismatch) this.#options.metrics.headerMismatch(delivery.owner.topic)
    const gate = this.#options.gates.of(registration.event.type)
    delivery.event = { envelope: decoded.envelope, registration, gate }
    delivery.failures = 0
    return delivery.event
  }

  #undecoded(delivery: Delivery, step: FailedStep, thrown: unknown): void {
    if (!isOver(delivery)) {
      const span = this.#startSpan(delivery, null)
      span.fail(thrown)
      span.end()
      this.#options.settler.judge(delivery, step, span, thrown)
    }
    this.#slots.free(delivery.owner)
  }

  #unknownType(delivery: Delivery, type: string): void {
    const { definition, metrics, settler } = this.#options
    metrics.unknownType(delivery.owner.topic)
    if (definition.unknownTypes === 'skip') {
      settler.settle(delivery, 'skipped')
    } else {
      const span = this.#startSpan(delivery, null)
      span.end()
      const failure = failureFrom(new Error(`group '${definition.group}' has no handler for events of type '${type}'`))
      settler.giveUp(delivery, span, failure, 'unknown-type')
    }
    this.#slots.free(delivery.owner)
  }

  #handle(delivery: Delivery, event: HandledEvent): boolean {
    const { assembly } = delivery.owner
    const isHeld = event.gate !== null && !event.gate.admits(delivery)
    if (isHeld || (assembly !== null && !assembly.admit(delivery, event))) {
      this.#slots.free(delivery.owner)
      return false
    }
    if (isOfBatches(event.registration)) return false
    this.#attempt(delivery, event, event.registration)
    return true
  }

  #attempt(delivery: Delivery, event: HandledEvent, registration: HandlerRegistration): void {
    const { envelope } = event
    const { clock, definition, metrics } = this.#options
    noteLateness(delivery, metrics, clock)
    const span = this.#startSpan(delivery, event)
    const attempt = new RecordAttempt(delivery, envelope, span, clock.monotonic(), definition.attempt.deadlineMs)
    const context = new AttemptContext(attempt, attempt, this.#environment)
    let returned: unknown
    let isPending: boolean
    try {
      returned = span.run(() => registration.handle(envelope, context))
      isPending = isThenable(returned)
    } catch (thrown) {
      this.#failed(attempt, thrown)
      return
    }
    if (!isPending) {
      this.#succeeded(attempt, returned)
      return
    }
    this.inFlight.add(attempt)
    Promise.resolve(returned).then(
      (value) => {
        if (this.#ended(attempt)) this.#succeeded(attempt, value)
      },
      (thrown: unknown) => {
        if (this.#ended(attempt)) this.#failed(attempt, thrown)
      },
    )
  }

  /** The handler's promise has settled. Answers whether what it says counts: of a fenced attempt it changes nothing (I4). */
  #ended(attempt: RecordAttempt): boolean {
    this.inFlight.remove(attempt)
    if (attempt.fencedBy === null) return true
    if (!attempt.isAbandoned) this.#endFenced(attempt)
    return false
  }

  #succeeded(attempt: RecordAttempt, returned: unknown): void {
    this.#report(attempt, 'succeeded')
    this.#options.settler.settle(attempt.delivery, isSkip(returned) ? 'skipped' : 'acked')
    this.#slots.end(attempt)
  }

  #failed(attempt: RecordAttempt, thrown: unknown): void {
    attempt.span.fail(thrown)
    this.#report(attempt, 'failed', errorTypeOf(thrown))
    this.#options.settler.judge(attempt.delivery, 'handle', attempt.span, thrown)
    this.#slots.end(attempt)
  }

  /** A fenced attempt has ended, or is not waited for any longer. */
  #endFenced(attempt: RecordAttempt): void {
    const { delivery, span } = attempt
    const isTimeout = attempt.fencedBy === 'deadline'
    const error = isTimeout ? timeoutOf(attempt) : attempt.fencedError()
    span.fail(error)
    this.#report(attempt, isTimeout ? 'timed-out' : 'fenced', error.code)
    if (isOver(delivery)) this.#options.onLeftBehind(delivery)
    else if (isTimeout) this.#options.settler.judge(delivery, 'handle', span, error)
    this.#slots.end(attempt)
  }

  /** Its key and its slot go on without it. The handler may still run: it is fenced, and counted until it ends. */
  #abandon(attempt: RecordAttempt): void {
    const { origin, id, type } = attempt.envelope
    this.#options.metrics.abandoned(origin.topic)
    this.#options.logger.error(
      { ...origin, eventId: id, eventType: type, attempt: attempt.number },
      'attempt abandoned: its handler did not end after its signal aborted, and still runs',
    )
    this.#endFenced(attempt)
  }

  #report(attempt: RecordAttempt, outcome: AttemptOutcome, errorType?: string): void {
    const { metrics, clock } = this.#options
    attempt.span.end()
    const durationMs = clock.monotonic() - attempt.startedAtMs
    metrics.attempted(attempt.owner.topic, attempt.envelope.type, outcome, durationMs, errorType)
  }

  #startSpan(delivery: Delivery, event: HandledEvent | null): AttemptSpan {
    const { definition, clientId, telemetry } = this.#options
    const { owner, record } = delivery
    return telemetry.startAttempt({
      topic: owner.topic,
      partition: owner.partition,
      recordOffset: record.offset,
      group: definition.group,
      clientId,
      eventType: event === null ? null : event.envelope.type,
      eventId: event === null ? null : event.envelope.id,
      attempt: delivery.attemptsMade + 1,
      record,
      traceId: event === null ? null : event.envelope.traceId,
    })
  }
}

/** Whether the epoch that the record was received in is over. */
function isOver(delivery: Delivery): boolean {
  return delivery.owner.state === 'fenced'
}

function timeoutOf({ number, envelope, startedAtMs, deadlineAtMs }: RecordAttempt): AttemptTimeoutError {
  return new AttemptTimeoutError(
    `attempt ${number} at '${envelope.type}' ${envelope.id} took longer than its deadline, ${Math.round(deadlineAtMs - startedAtMs)} ms after its start (attempt.deadlineMs, ctx.extend)`,
  )
}
