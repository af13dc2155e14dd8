import type { ReadValue, WriteValue } from '../avro/infer.ts'
import type { RecordSchema } from '../avro/schema.ts'
import type { RawHeader } from '../driver.ts'
import { EventDefinitionError } from '../errors.ts'
import { definitionFaults } from './definition-faults.ts'
import { EnvelopeCodec } from './envelope-codec.ts'
import { envelopeSchema } from './envelope-schema.ts'
import { typeHeader } from './headers.ts'

/** A definition of whatever event: what everything that works with events of any type takes. */
export interface AnyEventDefinition {
  readonly type: string
  /** Where it is published. */
  readonly topic: string
  /** As it was given. */
  readonly schema: RecordSchema
  readonly earlierSchemas: readonly RecordSchema[]
  /** The partition key of an event. Events with one key keep their order; null promises none. */
  key(data: unknown): string | null
  /** What an event is about, for its CloudEvents subject; null says nothing. */
  subject(data: unknown): string | null
  /** What is on the wire: `<namespace>.<Name>Envelope`, with the data in its field `data`. Give this one to readers in other languages. */
  readonly envelopeSchema: RecordSchema
  /** CRC-64-AVRO of `envelopeSchema`, unsigned: what a body says it was written with. */
  readonly fingerprint: bigint
  /** @internal */
  readonly codec: EnvelopeCodec
  /** @internal */
  readonly typeHeader: RawHeader
}

/** A type of event: its name, where it is published, and the Avro schema that its data is typed, checked and encoded by. */
export interface EventDefinition<Type extends string, Schema extends RecordSchema> extends AnyEventDefinition {
  readonly type: Type
  readonly schema: Schema
  // Methods, so that a definition of a particular event is one of whatever event: which data goes with which is checked where both are at hand.
  key(data: WriteValue<Schema>): string | null
  subject(data: WriteValue<Schema>): string | null
}

/** The data of an event as it is read: every field is present. */
export type EventData<D extends AnyEventDefinition> = ReadValue<D['schema']>

/** The data of an event as it is written: fields with a default are optional. */
export type EventInput<D extends AnyEventDefinition> = WriteValue<D['schema']>

export interface EventOptions<Type extends string, Schema extends RecordSchema> {
  /** In the past tense, on the wire as it is: `order.placed`. */
  readonly type: Type
  /** The topic it is published to. Topics are never created by accident: see `applyTopics`. */
  readonly topic: string
  /** The partition key of an event, from its data. Events with one key keep their order; null promises none. */
  readonly key: (data: WriteValue<NoInfer<Schema>>) => string | null
  /** An Avro record, written in place or `as const`: the type of the data is inferred from it. */
  readonly schema: Schema
  /**
   * Schemas that events on the log may have been written with. Each must be readable as `schema`; the definition fails otherwise.
   *
   * @defaultValue none
   */
  readonly earlierSchemas?: readonly RecordSchema[]
  /**
   * The CloudEvents subject of an event, from its data.
   *
   * @defaultValue none
   */
  readonly subject?: (data: WriteValue<NoInfer<Schema>>) => string | null
}

/**
 * Defines an event. The type of its data comes from the schema literal: a wrong field is a compile error, a wrong value an error before a byte is sent.
 *
 * @throws {EventDefinitionError} with everything that is wrong, each fault naming its field.
 * @throws {SchemaIncompatibleError} when an earlier schema cannot be read as the present one.
 * @throws {SchemaConflictError} when an earlier schema has the same fingerprint and means something else.
 */
export function defineEvent<const Type extends string, const Schema extends RecordSchema>(
  options: EventOptions<Type, Schema>,
): EventDefinition<Type, Schema> {
  const { type, topic, key, schema, earlierSchemas = [], subject = () => null } = options
  const faults = definitionFaults(options)
  if (faults.length > 0) throw invalid(type, faults)
  const wireSchema = envelopeSchema(schema)
  const codec = EnvelopeCodec.of(type, wireSchema, earlierSchemas.map(envelopeSchema))
  return Object.freeze({
    type,
    topic,
    schema,
    earlierSchemas: Object.freeze([...earlierSchemas]),
    key,
    subject,
    envelopeSchema: wireSchema,
    fingerprint: codec.fingerprint,
    codec,
    typeHeader: typeHeader(type),
  })
}

function invalid(type: unknown, faults: readonly string[]): EventDefinitionError {
  return new EventDefinitionError(
    `the event ${JSON.stringify(type)} cannot be defined:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
  )
}
