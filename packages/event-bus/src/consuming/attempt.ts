import type { Clock } from '../clock.ts'
import { AttemptFencedError } from '../errors.ts'
import type { AnyEventDefinition, EventInput } from '../events/define-event.ts'
import type { EventEnvelope } from '../events/envelope.ts'
import { derivedEventId } from '../events/event-id.ts'
import type { Logger } from '../logger.ts'
import type { EncodeOptions, PublishedEvent, Publisher, PublishOptions } from '../publishing/publisher.ts'
import type { AttemptSpan } from '../tracing/telemetry.ts'
import type { Delivery } from './delivery.ts'
import type { HandlerContext } from './handler.ts'

/** Why the outcome of an attempt no longer counts. */
export type FenceCause = 'deadline' | 'partition-gone'

/** One run of a handler. State only; `InFlight` watches over its time, `DeliveryRunner` over its outcome. */
export class Attempt {
  readonly delivery: Delivery
  readonly envelope: EventEnvelope
  /** From 1. */
  readonly number: number
  readonly span: AttemptSpan
  /** By the monotonic clock. */
  readonly startedAtMs: number
  /** By the monotonic clock. Only `InFlight` moves it. */
  deadlineAtMs: number
  fencedBy: FenceCause | null = null
  /** It did not end in time after its abort: key and slot were given to others. */
  isAbandoned = false
  /** Which part of `InFlight` watches over it: nobody before its handler has returned a promise, and after that has settled. */
  watchedIn: 'nothing' | 'line' | 'extended' | 'aborted' = 'nothing'
  /** Neighbours in the line of `InFlight`. */
  previous: Attempt | null = null
  next: Attempt | null = null
  // Made when somebody asks: most handlers never look at their signal, and a controller costs more than the rest of an attempt.
  #controller: AbortController | null = null

  constructor(delivery: Delivery, envelope: EventEnvelope, span: AttemptSpan, startedAtMs: number, deadlineMs: number) {
    this.delivery = delivery
    this.envelope = envelope
    this.number = delivery.attemptsMade + 1
    this.span = span
    this.startedAtMs = startedAtMs
    this.deadlineAtMs = startedAtMs + deadlineMs
  }

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
    const { id, type } = this.envelope
    const why = this.fencedBy === 'deadline' ? 'passed its deadline' : 'lost its partition'
    return new AttemptFencedError(
      `attempt ${this.number} at '${type}' ${id} ${why}: nothing was written. Stop working when ctx.signal aborts; the event is handled again.`,
    )
  }
}

/** What an attempt needs from around it. */
export interface AttemptEnvironment {
  readonly group: string
  readonly clock: Clock
  readonly logger: Logger
  /** Moves the attempt's deadline to `ms` from now, if that is later. */
  readonly extend: (attempt: Attempt, ms: number) => void
  readonly publisher: Pick<Publisher, 'publish' | 'encode'>
}

/** The handler's view of its attempt. What costs anything is made when it is asked for; functions are bound, so that they can be taken out. */
export class AttemptContext implements HandlerContext {
  readonly #attempt: Attempt
  readonly #environment: AttemptEnvironment
  #log: Logger | null = null
  #publish: HandlerContext['publish'] | null = null
  /** Events of each type published so far. */
  #ordinals: Map<string, number> | null = null

  constructor(attempt: Attempt, environment: AttemptEnvironment) {
    this.#attempt = attempt
    this.#environment = environment
  }

  get group(): string {
    return this.#environment.group
  }

  get attempt(): number {
    return this.#attempt.number
  }

  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get deadlineAt(): number {
    const { clock } = this.#environment
    return clock.now() + this.#attempt.deadlineAtMs - clock.monotonic()
  }

  get extend(): HandlerContext['extend'] {
    return (ms) => {
      this.throwIfFenced()
      if (!Number.isFinite(ms)) throw new RangeError(`ctx.extend takes a number of milliseconds, got ${ms}`)
      this.#environment.extend(this.#attempt, ms)
      return this.deadlineAt
    }
  }

  get log(): Logger {
    this.#log ??= this.#environment.logger.child({
      eventId: this.#attempt.envelope.id,
      eventType: this.#attempt.envelope.type,
      ...this.#attempt.envelope.origin,
      attempt: this.#attempt.number,
      trace_id: this.#attempt.span.traceId,
    })
    return this.#log
  }

  get publish(): HandlerContext['publish'] {
    this.#publish ??= (definition, data, options) => this.#publishCaused(definition, data, options)
    return this.#publish
  }

  get encode(): HandlerContext['encode'] {
    return (definition, data, options = {}) =>
      this.#environment.publisher.encode(definition, data, { ...options, ...this.#caused(definition, options) })
  }

  get isFenced(): () => boolean {
    return () => this.#attempt.fencedBy !== null
  }

  get throwIfFenced(): () => void {
    return () => {
      if (this.#attempt.fencedBy !== null) throw this.#attempt.fencedError()
    }
  }

  async #publishCaused<D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options: PublishOptions = {},
  ): Promise<PublishedEvent> {
    const { signal } = this.#attempt
    return this.#environment.publisher.publish(definition, data, {
      ...options,
      ...this.#caused(definition, options),
      // What still waits in the buffer when the attempt is fenced is never written.
      signal: options.signal === undefined ? signal : AbortSignal.any([options.signal, signal]),
    })
  }

  /** What ties an event to the one that is being handled. */
  #caused(
    { type }: AnyEventDefinition,
    options: EncodeOptions,
  ): Pick<EncodeOptions, 'id' | 'causationId' | 'correlationId' | 'context'> {
    this.throwIfFenced()
    const { envelope, span } = this.#attempt
    // Counted per type, so that events of different types published side by side have the same ids whichever came first.
    this.#ordinals ??= new Map()
    const ordinal = this.#ordinals.get(type) ?? 0
    this.#ordinals.set(type, ordinal + 1)
    const correlationId = options.correlationId ?? envelope.correlationId
    return {
      id: options.id ?? derivedEventId({ parentId: envelope.id, group: this.#environment.group, type, ordinal }),
      causationId: options.causationId ?? envelope.id,
      ...(correlationId === null ? {} : { correlationId }),
      context: options.context ?? span.context,
    }
  }
}
