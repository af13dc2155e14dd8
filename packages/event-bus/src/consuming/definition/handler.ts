import type { AnyEventDefinition, EventData, EventInput } from '../../events/define-event.ts'
import type { EventEnvelope } from '../../events/envelope.ts'
import type { Logger } from '../../logger.ts'
import type { EncodedEvent, EncodeOptions, PublishedEvent, PublishOptions } from '../../publishing/publisher.ts'

/** What a handler knows about its attempt, and what it may do in it. Every member works when taken out: `const { publish, signal } = ctx`. */
export interface HandlerContext {
  readonly group: string
  /**
   * Counted from 1, and on over retry topics. Starts anew after a redrive; after a restart or a rebalance it starts again from where the record came into
   * its topic.
   */
  readonly attempt: number
  /** Aborts when the attempt's deadline passes or its partition is lost. Hand it on to whatever waits: an attempt that goes on holds its key. */
  readonly signal: AbortSignal
  /** When the attempt's deadline passes, in milliseconds since the Unix epoch. */
  readonly deadlineAt: number
  /**
   * Moves the deadline to `ms` milliseconds from now, and answers with the new `deadlineAt`. Never makes it earlier: less than what is left changes nothing.
   * There is no cap and it may be called again and again; the key waits meanwhile, and a hand-over of the partition still takes no longer than `drainMs`.
   *
   * @throws {AttemptFencedError} once the deadline has passed or the partition is lost.
   * @throws RangeError when `ms` is no finite number.
   */
  readonly extend: (ms: number) => number
  /** A logger whose lines name the event and the attempt. */
  readonly log: Logger
  /**
   * Publishes an event that this one caused: it continues the trace, names this event as its cause, keeps its correlation id, and has an id derived
   * from (this event's id, group, type, how many of that type this attempt published before). A later attempt that publishes the same events again
   * gives them the same ids, so that an inbox downstream sees one.
   *
   * @throws {AttemptFencedError} once the deadline has passed or the partition is lost; nothing is written.
   * @throws {PublishError} whatever `bus.publish` throws.
   */
  readonly publish: <D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options?: PublishOptions,
  ) => Promise<PublishedEvent>
  /**
   * What `publish` would send, as bytes for an outbox: the same trace, cause and ids, written in the handler's own transaction. `bus.encode` knows nothing
   * of the event that is being handled.
   *
   * @throws {AttemptFencedError} once the deadline has passed or the partition is lost.
   * @throws {EventDataError} when the data does not fit the schema.
   */
  readonly encode: <D extends AnyEventDefinition>(
    definition: D,
    data: EventInput<D>,
    options?: EncodeOptions,
  ) => EncodedEvent
  /** Whether the outcome of this attempt no longer counts: somebody else may be handling the event. */
  readonly isFenced: () => boolean
  /** For writes that must not happen in a fenced attempt, right before they are committed. @throws {AttemptFencedError} */
  readonly throwIfFenced: () => void
}

/**
 * Returns to acknowledge, synchronously or by a promise; throws to fail. `throw new Reject(reason)` dead-letters at once, `throw new RetryLater(...)` asks for
 * another attempt later, `return skip(reason)` acknowledges without having done anything. Any other returned value means nothing.
 */
export type EventHandler<D extends AnyEventDefinition> = (
  event: EventEnvelope<D['type'], EventData<D>>,
  context: HandlerContext,
) => unknown

/** A handler with the event it is for. */
export interface HandlerRegistration {
  readonly event: AnyEventDefinition
  // A method, so that handlers of particular events are handlers of some event: which one gets what is decided by type at run time.
  handle(event: EventEnvelope, context: HandlerContext): unknown
}

/** Binds a handler to an event, for `defineSubscription({ on: [...] })`. The event's data is typed from its schema. */
export function handle<D extends AnyEventDefinition>(event: D, handler: EventHandler<D>): HandlerRegistration {
  return Object.freeze({ event, handle: handler })
}

/** What a handler returns to say that there was nothing to do. The event is settled as `skipped` and counted. */
export interface Skip {
  readonly code: 'SKIPPED'
  readonly reason: string
}

/** @param reason for logs and traces */
export function skip(reason: string): Skip {
  return Object.freeze({ code: 'SKIPPED', reason })
}

/** By code, as errors are: the value may come from another copy of this package. Never throws, whatever a handler has returned. */
export function isSkip(returned: unknown): returned is Skip {
  if (typeof returned !== 'object' || returned === null) return false
  try {
    return Reflect.get(returned, 'code') === 'SKIPPED'
  } catch {
    return false
  }
}
