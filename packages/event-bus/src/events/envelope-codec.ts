/** The bytes of one event type: written with one schema, read from it and from any that can be resolved to it. */
import { DatumCodec, type DatumReader } from '../avro/codec.ts'
import { incompatibility } from '../avro/evolution.ts'
import { fingerprintOf, semanticForm } from '../avro/fingerprint.ts'
import type { RecordNode, SchemaNode } from '../avro/nodes.ts'
import { readSchema } from '../avro/read-schema.ts'
import type { AvroSchema, RecordSchema } from '../avro/schema.ts'
import type { ValueFault } from '../avro/value-fault.ts'
import { singleObjectPrefix } from '../avro/wire-format.ts'
import { EventDefinitionError, SchemaConflictError, SchemaIncompatibleError } from '../errors.ts'
import { faultText } from './definition-faults.ts'
import type { EnvelopeDatum } from './envelope-schema.ts'

export type EnvelopeReader = (bytes: Buffer, start: number) => EnvelopeDatum

export class EnvelopeCodec {
  readonly fingerprint: bigint
  /** Full name of the envelope's record: what a writer's schema must be named, or be an alias of. */
  readonly name: string
  /** What can be read without asking anybody, by fingerprint: the present schema and the earlier ones. */
  readonly readers: ReadonlyMap<bigint, EnvelopeReader>
  /** Tells schemas of one fingerprint apart, by fingerprint. */
  readonly meanings: ReadonlyMap<bigint, string>
  readonly #type: string
  readonly #node: SchemaNode
  readonly #codec: DatumCodec
  readonly #prefix: Buffer
  readonly #read: EnvelopeReader

  /** @throws {EventDefinitionError | SchemaIncompatibleError | SchemaConflictError} */
  static of(type: string, schema: RecordSchema, earlier: readonly RecordSchema[]): EnvelopeCodec {
    const { node, faults } = readSchema(schema, { annotations: 'strict' })
    // The data was read without faults before: what is wrong now is a clash with the names around it.
    const [fault] = faults
    if (fault !== undefined || node.type !== 'record') {
      throw new EventDefinitionError(
        `the event "${type}" cannot be defined: its schema clashes with the envelope around it: ${fault === undefined ? 'not a record' : faultText(fault)}`,
      )
    }
    return new EnvelopeCodec(type, node, earlier)
  }

  private constructor(type: string, node: RecordNode, earlier: readonly RecordSchema[]) {
    this.#type = type
    this.#node = node
    this.#codec = compiled(type, node)
    this.name = node.name
    this.fingerprint = fingerprintOf(node)
    this.#prefix = singleObjectPrefix(this.fingerprint)
    this.#read = asEnvelope(this.#codec.read)
    const readers = new Map<bigint, EnvelopeReader>([[this.fingerprint, this.#read]])
    const meanings = new Map<bigint, string>([[this.fingerprint, semanticForm(node)]])
    this.readers = readers
    this.meanings = meanings
    earlier.forEach((schema, index) => {
      const { node: writer } = readSchema(schema, { annotations: 'lenient' })
      const fingerprint = fingerprintOf(writer)
      const meaning = semanticForm(writer)
      if ((meanings.get(fingerprint) ?? meaning) !== meaning) {
        throw new SchemaConflictError(
          `earlierSchemas[${index}] of the event "${type}" has the fingerprint of another schema of it and other logical types: no reader could tell which of the two wrote a record; give its record another name, with an alias`,
        )
      }
      if (readers.has(fingerprint)) return
      meanings.set(fingerprint, meaning)
      readers.set(fingerprint, this.#resolve(writer, `earlierSchemas[${index}]`))
    })
  }

  /** Where the envelope starts in what `write` wrote. */
  get start(): number {
    return this.#prefix.length
  }

  /** Reads what `write` wrote. */
  get read(): EnvelopeReader {
    return this.#read
  }

  /** Whether a value says that it was written with the present schema. */
  hasWritten(value: Buffer): boolean {
    const prefix = this.#prefix
    for (let at = 0; at < prefix.length; at += 1) if (value[at] !== prefix[at]) return false
    return true
  }

  /** The value of a record: framing and envelope. @throws Error when the envelope does not fit; `faultIn` says where */
  write(envelope: EnvelopeDatum): Buffer {
    return this.#codec.write(this.#prefix, envelope)
  }

  faultIn(envelope: EnvelopeDatum): ValueFault | null {
    return this.#codec.faultIn(envelope)
  }

  /** A reader of what a schema from elsewhere wrote. @throws {SchemaIncompatibleError} */
  readerFor(schema: AvroSchema): EnvelopeReader {
    const { node, faults } = readSchema(schema, { annotations: 'lenient' })
    const [fault] = faults
    if (fault !== undefined) throw new SchemaIncompatibleError(`the writer's schema is not valid: ${faultText(fault)}`)
    return this.#resolve(node, "the writer's schema")
  }

  #resolve(writer: SchemaNode, what: string): EnvelopeReader {
    const found = incompatibility(this.#node, writer)
    if (found !== null) {
      const where = found.path.replace(/^data\.?/, '') || 'the record'
      throw new SchemaIncompatibleError(
        `${what} cannot be read as the schema of the event "${this.#type}": ${where} ${found.message}`,
      )
    }
    try {
      return asEnvelope(this.#codec.readerOf(new DatumCodec(writer)))
    } catch (cause) {
      throw new SchemaIncompatibleError(
        `${what} cannot be read as the schema of the event "${this.#type}": ${messageOf(cause)}`,
        { cause },
      )
    }
  }
}

function compiled(type: string, node: SchemaNode): DatumCodec {
  try {
    return new DatumCodec(node)
  } catch (cause) {
    throw new EventDefinitionError(
      `the event "${type}" cannot be defined: its schema cannot be compiled: ${messageOf(cause)}`,
      { cause },
    )
  }
}

/** The reader's schema is that of an envelope, so what it reads is one. */
function asEnvelope(read: DatumReader): EnvelopeReader {
  return read as EnvelopeReader
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
