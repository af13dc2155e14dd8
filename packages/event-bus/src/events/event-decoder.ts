import type { SchemaReference, SchemaStore } from '../avro/schema-store.ts'
import { referenceText } from '../avro/schema-store.ts'
import { type Framing, readFraming, readFramingHeader } from '../avro/wire-format.ts'
import type { RawRecord, TopicPartition } from '../driver.ts'
import { RecordUndecodableError, SchemaUnknownError } from '../errors.ts'
import { utf8Text } from '../short-text.ts'
import type { AnyEventDefinition } from './define-event.ts'
import type { EnvelopeReader } from './envelope-codec.ts'
import type { EnvelopeDatum } from './envelope-schema.ts'
import type { Decoded, EventDecoder } from './event-codec.ts'
import { contradicts, repeatsBody } from './header-agreement.ts'
import { type HeaderText, isStructured, ReceivedHeaders, repeats, textOf } from './received-headers.ts'
import { assertNoSchemaConflicts } from './schema-conflicts.ts'

/**
 * A decoder for the events that a subscription handles.
 *
 * The event's type is what `ce_type` says; without that header, what the body's schema is known to be. The body is believed where the two contradict.
 *
 * @param options.schemas where to look for schemas that the definitions do not list. @defaultValue nowhere
 * @throws {SchemaConflictError} when two definitions share a fingerprint and differ in logical types.
 */
export function createEventDecoder(options: {
  readonly definitions: readonly AnyEventDefinition[]
  readonly schemas?: SchemaStore
}): EventDecoder {
  return new Decoder(options.definitions, options.schemas)
}

/** A definition with a way to read the body at hand as it. */
interface Readable {
  readonly definition: AnyEventDefinition
  readonly read: EnvelopeReader
}

class Decoder implements EventDecoder {
  readonly #byType = new Map<string, AnyEventDefinition>()
  readonly #byFingerprint = new Map<bigint, Readable[]>()
  readonly #lookedUp = new Map<string, Readable>()
  readonly #schemas: SchemaStore | undefined
  readonly #headers = new ReceivedHeaders()
  #lastNamed: AnyEventDefinition | null = null
  #lastName: Buffer = Buffer.alloc(0)

  constructor(definitions: readonly AnyEventDefinition[], schemas: SchemaStore | undefined) {
    this.#schemas = schemas
    assertNoSchemaConflicts(definitions)
    for (const definition of definitions) {
      this.#byType.set(definition.type, definition)
      for (const [fingerprint, read] of definition.codec.readers) {
        const readables = this.#byFingerprint.get(fingerprint) ?? []
        this.#byFingerprint.set(fingerprint, [...readables, { definition, read }])
      }
    }
  }

  decode(record: RawRecord, origin: TopicPartition): Decoded | Promise<Decoded> {
    const headers = this.#headers
    headers.read(record)
    const named = headers.type.isMissing ? null : this.#named(headers.type)
    if (named === null && !headers.type.isMissing) return { kind: 'unknown-type', type: headers.type.toString() }
    const { value } = record
    if (value === null) throw undecodable(record, origin, 'it has no value (a tombstone), and an event has one')
    if (named !== null && isUsual(named, value, headers)) {
      const { codec, type } = named
      const body = bodyOf(named, codec.read, codec.start, value, record, origin)
      const isMismatch = !repeatsBody(headers, value, codec.start, body) && contradicts(headers, type, body)
      return eventOf(named, body, headers, record, origin, isMismatch)
    }
    const framing = framingOf(value, headers)
    if (framing === null) {
      const type = isStructured(headers) ? structuredType(value) : null
      if (type !== null && !this.#byType.has(type)) return { kind: 'unknown-type', type }
      throw undecodable(record, origin, whyUnframed(value, headers))
    }
    const readable = this.#readable(framing.schema, named, record, origin)
    if (readable !== null) {
      return read(readable.definition, readable.read, framing.start, value, headers, record, origin)
    }
    return this.#lookUp(framing.schema, named, record, origin).then((found) => {
      if ('kind' in found) return found
      headers.read(record)
      return read(found.definition, found.read, framing.start, value, headers, record, origin)
    })
  }

  #named(type: HeaderText): AnyEventDefinition | null {
    // Records of one type come in runs.
    if (this.#lastNamed !== null && repeats(type, this.#lastName)) return this.#lastNamed
    this.#lastNamed = this.#byType.get(type.toString()) ?? null
    this.#lastName = Buffer.from(type.view())
    return this.#lastNamed
  }

  /** How to read what a known schema wrote; null when the schema must be looked up. */
  #readable(
    reference: SchemaReference,
    named: AnyEventDefinition | null,
    record: RawRecord,
    origin: TopicPartition,
  ): Readable | null {
    if (reference.kind === 'fingerprint') {
      const ownRead = named?.codec.readers.get(reference.fingerprint)
      if (named !== null && ownRead !== undefined) return { definition: named, read: ownRead }
      const candidates = this.#byFingerprint.get(reference.fingerprint) ?? []
      const [candidate, another] = candidates
      if (candidate !== undefined && another === undefined) return candidate
      if (candidate !== undefined) {
        const types = candidates.map(({ definition }) => definition.type).join(', ')
        throw undecodable(
          record,
          origin,
          `its schema belongs to several events (${types}), and the header ce_type does not say which`,
        )
      }
    }
    return this.#lookedUp.get(lookUpKey(reference, named)) ?? null
  }

  async #lookUp(
    reference: SchemaReference,
    named: AnyEventDefinition | null,
    record: RawRecord,
    origin: TopicPartition,
  ): Promise<Readable | Extract<Decoded, { kind: 'unknown-type' }>> {
    const schema = (await this.#schemas?.find(reference)) ?? null
    if (schema === null) {
      throw new SchemaUnknownError(
        `${where(record, origin)} was written with a schema that is not known here (${referenceText(reference)}): list it in earlierSchemas of the event, or give the bus a schema store that has it`,
      )
    }
    const name = recordName(schema)
    const definition = named ?? [...this.#byType.values()].find((candidate) => candidate.codec.name === name) ?? null
    if (definition === null) return { kind: 'unknown-type', type: name }
    try {
      const readable = { definition, read: definition.codec.readerFor(schema) }
      this.#lookedUp.set(lookUpKey(reference, named), readable)
      return readable
    } catch (cause) {
      throw undecodable(record, origin, messageOf(cause), cause)
    }
  }
}

/** Written as this process would write it: nothing about its framing need be found out. */
function isUsual({ codec }: AnyEventDefinition, value: Buffer, headers: ReceivedHeaders): boolean {
  return headers.valueSchemaId.isMissing && codec.hasWritten(value) && !isStructured(headers)
}

function framingOf(value: Buffer, headers: ReceivedHeaders): Framing | null {
  if (isStructured(headers)) return null
  const fromHeader = headers.valueSchemaId.isMissing ? null : readFramingHeader(headers.valueSchemaId.view())
  return fromHeader ?? readFraming(value)
}

function read(
  definition: AnyEventDefinition,
  readEnvelope: EnvelopeReader,
  start: number,
  value: Buffer,
  headers: ReceivedHeaders,
  record: RawRecord,
  origin: TopicPartition,
): Decoded {
  const body = bodyOf(definition, readEnvelope, start, value, record, origin)
  return eventOf(definition, body, headers, record, origin, contradicts(headers, definition.type, body))
}

function bodyOf(
  { type }: AnyEventDefinition,
  readEnvelope: EnvelopeReader,
  start: number,
  value: Buffer,
  record: RawRecord,
  origin: TopicPartition,
): EnvelopeDatum {
  try {
    return readEnvelope(value, start)
  } catch (cause) {
    throw undecodable(record, origin, `its value is not a body of "${type}": ${messageOf(cause)}`, cause)
  }
}

function eventOf(
  definition: AnyEventDefinition,
  body: EnvelopeDatum,
  headers: ReceivedHeaders,
  { key, offset: recordOffset }: RawRecord,
  { topic, partition }: TopicPartition,
  headerMismatch: boolean,
): Decoded {
  return {
    kind: 'event',
    definition,
    envelope: {
      id: body.event_id,
      type: definition.type,
      source: body.source,
      timestamp: body.timestamp,
      traceId: body.trace_id,
      causationId: textOf(headers.causationId),
      correlationId: textOf(headers.correlationId),
      subject: textOf(headers.subject),
      key: key === null ? null : utf8Text(key, 0, key.length),
      data: body.data,
      origin: { topic, partition, recordOffset },
    },
    headerMismatch,
  }
}

function whyUnframed(value: Buffer, headers: ReceivedHeaders): string {
  const contentType = textOf(headers.contentType)
  if (isStructured(headers)) {
    return `it is a CloudEvent in structured mode (${contentType}); events are read in binary mode with an Avro body`
  }
  if (value.length === 0) return 'its value is empty'
  const start = value.toString('hex', 0, Math.min(value.length, 10))
  const as = contentType === null ? '' : ` (content-type ${contentType})`
  return `its value${as} starts with ${start}, neither with c301 (Avro single-object encoding) nor with 00 and a registry id`
}

/** The type that a CloudEvent in structured mode gives itself; null when that cannot be seen. */
function structuredType(value: Buffer): string | null {
  try {
    const event: unknown = JSON.parse(value.toString('utf8'))
    return typeof event === 'object' && event !== null && 'type' in event && typeof event.type === 'string'
      ? event.type
      : null
  } catch {
    return null
  }
}

function lookUpKey(reference: SchemaReference, named: AnyEventDefinition | null): string {
  return `${referenceText(reference)} ${named?.type ?? ''}`
}

/** Full name of a record's schema, as far as it can be seen. */
function recordName(schema: unknown): string {
  if (typeof schema !== 'object' || schema === null || !('name' in schema) || typeof schema.name !== 'string')
    return 'unnamed'
  const namespace = 'namespace' in schema && typeof schema.namespace === 'string' ? schema.namespace : ''
  return schema.name.includes('.') || namespace === '' ? schema.name : `${namespace}.${schema.name}`
}

function undecodable(record: RawRecord, origin: TopicPartition, why: string, cause?: unknown): RecordUndecodableError {
  return new RecordUndecodableError(`${where(record, origin)} cannot be decoded: ${why}`, { cause })
}

function where(record: RawRecord, { topic, partition }: TopicPartition): string {
  return `the record at ${topic}/${partition}/${record.offset}`
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
