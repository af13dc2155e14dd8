/** Values as whoever wrote them meant them, for tools: no definition is needed where a store has the schema. `event-decoder.ts` is what handlers use. */
import { DatumCodec, type DatumReader } from '../avro/codec.ts'
import { readSchema } from '../avro/read-schema.ts'
import { referenceText, type SchemaReference, type SchemaStore } from '../avro/schema-store.ts'
import { readFraming, readFramingHeader } from '../avro/wire-format.ts'
import type { RawRecord } from '../driver.ts'
import { SchemaIncompatibleError, SchemaUnknownError } from '../errors.ts'
import type { AnyEventDefinition } from './define-event.ts'
import { ReceivedHeaders } from './received-headers.ts'

/**
 * The value of a record: for an event, its whole envelope. Null when the value does not name a schema, as text and JSON do not.
 *
 * @throws {SchemaUnknownError} when neither the definitions nor the store know the schema that it names.
 * @throws Error that says what is wrong with the bytes, or why the store cannot be read.
 */
export type ValueDecoder = (record: Pick<RawRecord, 'value' | 'headers'>) => Promise<unknown>

/** @param options.definitions asked before `schemas`, by fingerprint. */
export function createValueDecoder(options: {
  readonly definitions: readonly AnyEventDefinition[]
  readonly schemas: SchemaStore
}): ValueDecoder {
  const known = new Map<string, DatumReader>()
  const readerOf = async (reference: SchemaReference): Promise<DatumReader> => {
    const name = referenceText(reference)
    const reader =
      known.get(name) ??
      definedReader(options.definitions, reference) ??
      (await foundReader(options.schemas, reference))
    known.set(name, reader)
    return reader
  }
  return async ({ value, headers }) => {
    if (value === null) return null
    const received = new ReceivedHeaders()
    received.read({ headers })
    const { valueSchemaId } = received
    const framing = (valueSchemaId.isMissing ? null : readFramingHeader(valueSchemaId.view())) ?? readFraming(value)
    if (framing === null) return null
    const read = await readerOf(framing.schema)
    return read(value, framing.start)
  }
}

function definedReader(
  definitions: readonly AnyEventDefinition[],
  reference: SchemaReference,
): DatumReader | undefined {
  if (reference.kind !== 'fingerprint') return undefined
  for (const { codec } of definitions) {
    const read = codec.readers.get(reference.fingerprint)
    if (read !== undefined) return read
  }
  return undefined
}

async function foundReader(schemas: SchemaStore, reference: SchemaReference): Promise<DatumReader> {
  const schema = await schemas.find(reference)
  if (schema === null) throw new SchemaUnknownError(`the schema is not known here (${referenceText(reference)})`)
  const { node, faults } = readSchema(schema, { annotations: 'lenient' })
  if (faults.length > 0)
    throw new SchemaIncompatibleError(`the writer's schema is not valid (${referenceText(reference)})`)
  return new DatumCodec(node).read
}
