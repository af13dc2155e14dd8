/** What publishing and consuming need of events: bytes from data here, and the interface of the way back (`event-decoder.ts`). */
import { describeFault, type ValueFault } from '../avro/value-fault.ts'
import type { RawRecord, TopicPartition } from '../driver.ts'
import { EventDataError } from '../errors.ts'
import type { AnyEventDefinition, EventInput } from './define-event.ts'
import type { EventEnvelope } from './envelope.ts'
import type { EnvelopeDatum } from './envelope-schema.ts'

/** What the framework says of an event, beside its data. */
export interface EventMeta {
  readonly id: string
  /** W3C trace id: 32 lower-case hexadecimal digits. */
  readonly traceId: string
  readonly timestamp: Date
  /** The service that publishes. */
  readonly source: string
}

/** What a record is. */
export type Decoded =
  | {
      readonly kind: 'event'
      readonly definition: AnyEventDefinition
      readonly envelope: EventEnvelope
      /** Headers said something else than the body. The body was believed. */
      readonly headerMismatch: boolean
    }
  | { readonly kind: 'unknown-type'; readonly type: string }

export interface EventDecoder {
  /**
   * The event in a record. Answers at once where the schema is known, and with a promise where it must be looked up. A promise that rejects with
   * another error than those below says that the schema store cannot be read at present: the record is to be held, not given up.
   *
   * @throws {RecordUndecodableError} when the bytes are not the event that they claim to be.
   * @throws {SchemaUnknownError} when nobody knows the schema that the record names.
   */
  decode(record: RawRecord, origin: TopicPartition): Decoded | Promise<Decoded>
}

/**
 * The value of an event's record: Avro's single-object encoding of the envelope.
 *
 * @throws {EventDataError} naming the first field that does not fit the schema.
 */
export function encodeEvent<D extends AnyEventDefinition>(definition: D, data: EventInput<D>, meta: EventMeta): Buffer {
  const envelope: EnvelopeDatum = {
    event_id: meta.id,
    trace_id: meta.traceId,
    timestamp: meta.timestamp,
    source: meta.source,
    data,
  }
  try {
    return definition.codec.write(envelope)
  } catch (cause) {
    throw dataError(definition, definition.codec.faultIn(envelope), cause)
  }
}

/**
 * The key of an event's record.
 *
 * @throws {EventDataError} when the definition's `key` throws or does not return a string or null.
 */
export function partitionKeyOf<D extends AnyEventDefinition>(definition: D, data: EventInput<D>): string | null {
  return textFrom(definition, 'key', data)
}

/**
 * The CloudEvents subject of an event.
 *
 * @throws {EventDataError} when the definition's `subject` throws or does not return a string or null.
 */
export function subjectOf<D extends AnyEventDefinition>(definition: D, data: EventInput<D>): string | null {
  return textFrom(definition, 'subject', data)
}

function textFrom(definition: AnyEventDefinition, name: 'key' | 'subject', data: unknown): string | null {
  let text: unknown
  try {
    text = definition[name](data)
  } catch (cause) {
    // Nearly always because the data is not what it should be; that is then the better thing to say.
    throw new EventDataError(
      `${name} of the event "${definition.type}" cannot be taken from the data: ${messageOf(cause)}`,
      {
        path: name,
        cause,
      },
    )
  }
  if (text === null || typeof text === 'string') return text
  throw new EventDataError(
    `${name} of the event "${definition.type}" must come out as a string or null, not ${typeof text}: look at the function in its definition`,
    { path: name },
  )
}

function dataError(definition: AnyEventDefinition, fault: ValueFault | null, cause: unknown): EventDataError {
  const found = fault === null ? { path: '', message: `cannot be encoded: ${messageOf(cause)}` } : withinData(fault)
  return new EventDataError(`the event "${definition.type}" cannot be encoded: ${describeFault(found)}`, {
    path: found.path,
    cause,
  })
}

/** Paths are told as the caller sees them: inside the data. Those of the envelope keep their names. */
function withinData(fault: ValueFault): ValueFault {
  return { path: fault.path.replace(/^data(?:\.|(?=\[)|$)/, ''), message: fault.message }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
