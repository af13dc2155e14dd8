import type { Clock } from '../../clock.ts'
import type { AnyEventDefinition, EventInput } from '../../events/define-event.ts'
import type { EventEnvelope } from '../../events/envelope.ts'
import { derivedEventId } from '../../events/event-id.ts'
import type { Logger } from '../../logger.ts'
import type { EncodeOptions, PublishedEvent, Publisher, PublishOptions } from '../../publishing/publisher.ts'
import type { AttemptSpan } from '../../tracing/telemetry.ts'
import type { Attempt } from './attempt.ts'
import type { HandlerContext } from '../definition/handler.ts'

/** What an attempt needs from around it. */
export interface AttemptEnvironment {
  readonly group: string
  readonly clock: Clock
  readonly logger: Logger
  /** Moves the attempt's deadline to `ms` from now, if that is later. */
  readonly extend: (attempt: Attempt, ms: number) => void
  readonly publisher: Pick<Publisher, 'publish' | 'encode'>
}

/** A record that is being attempted, alone or in a batch. */
export interface AttemptedRecord {
  readonly envelope: EventEnvelope
  /** From 1. */
  readonly number: number
  readonly span: AttemptSpan
}

/** The handler's view of its attempt. What costs anything is made when it is asked for; functions are bound, so that they can be taken out. */
export class AttemptContext implements HandlerContext {
  readonly #attempt: Attempt
  readonly #record: AttemptedRecord
  readonly #environment: AttemptEnvironment
  #log: Logger | null = null
  #publish: HandlerContext['publish'] | null = null
  /** Events of each type published so far. */
  #ordinals: Map<string, number> | null = null

  constructor(attempt: Attempt, record: AttemptedRecord, environment: AttemptEnvironment) {
    this.#attempt = attempt
    this.#record = record
    this.#environment = environment
  }

  get group(): string {
    return this.#environment.group
  }

  get attempt(): number {
    return this.#record.number
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
      eventId: this.#record.envelope.id,
      eventType: this.#record.envelope.type,
      ...this.#record.envelope.origin,
      attempt: this.#record.number,
      trace_id: this.#record.span.traceId,
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
    const { envelope, span } = this.#record
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
