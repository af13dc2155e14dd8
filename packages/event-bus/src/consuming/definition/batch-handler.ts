import type { AnyEventDefinition, EventData } from '../../events/define-event.ts'
import type { EventEnvelope } from '../../events/envelope.ts'
import type { HandlerContext, HandlerRegistration, Skip } from './handler.ts'

/** How records are gathered into batches. */
export interface BatchOptions {
  /**
   * Records of one batch at most. Must not be more than `limits.maxRecordsPerPartition`.
   *
   * @defaultValue 100
   */
  readonly maxRecords?: number
  /**
   * How long the first record of a batch waits for others, in milliseconds. With 0 a batch is what is there at the moment.
   *
   * @defaultValue 20
   */
  readonly maxWaitMs?: number
  /**
   * What a batch is made of: records of one partition, whatever their keys, or records of one key. Records without a key are batched among themselves.
   *
   * @defaultValue 'partition'
   */
  readonly by?: 'partition' | 'key'
}

/**
 * What a batch handler says of one event: `undefined` acknowledges it, `skip(reason)` too, without anything done; an Error has failed it, `Reject` and
 * `RetryLater` with their usual meaning.
 */
export type BatchOutcome = undefined | Skip | Error

/** What a batch handler knows about its attempt. Every member works when taken out. */
export interface BatchContext
  extends Pick<HandlerContext, 'group' | 'signal' | 'deadlineAt' | 'extend' | 'log' | 'isFenced' | 'throwIfFenced'> {
  /**
   * The context of one event of the batch: which attempt at it this is, and `publish` and `encode` for what it caused, with the same ids whatever batch it is
   * in.
   *
   * @throws RangeError for an event that is not of this batch.
   */
  readonly for: (event: EventEnvelope) => HandlerContext
}

/**
 * Handles the events of a batch, in the order of their offsets. Returns nothing to acknowledge all of them; throws to fail all of them; or returns a list with
 * one `BatchOutcome` for each event.
 */
export type BatchHandler<D extends AnyEventDefinition> = (
  events: readonly EventEnvelope<D['type'], EventData<D>>[],
  context: BatchContext,
) => unknown

/** A batch handler with the event it is for. */
export interface BatchRegistration {
  readonly event: AnyEventDefinition
  readonly batch: Required<BatchOptions>
  // A method, as in `HandlerRegistration`.
  handleBatch(events: readonly EventEnvelope[], context: BatchContext): unknown
}

export function isOfBatches(registration: HandlerRegistration | BatchRegistration): registration is BatchRegistration {
  return 'batch' in registration
}

/** Binds a handler of batches to an event, for `defineSubscription({ on: [...] })`, beside handlers of single events. */
export function handleBatch<D extends AnyEventDefinition>(
  event: D,
  options: BatchOptions,
  handler: BatchHandler<D>,
): BatchRegistration {
  const { maxRecords = 100, maxWaitMs = 20, by = 'partition' } = options
  return Object.freeze({ event, batch: Object.freeze({ maxRecords, maxWaitMs, by }), handleBatch: handler })
}
