import { describe, expect, it } from 'vitest'
import type { AvroSchema, FieldSchema, RecordSchema } from '../avro/schema.ts'
import { EventDefinitionError, SchemaConflictError, SchemaIncompatibleError } from '../errors.ts'
import { defineEvent, type EventOptions } from './define-event.ts'

const schema: RecordSchema = {
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'shop',
  fields: [{ name: 'id', type: 'string' }],
}

/** As a caller without a compiler may give it. */
function define(options: { [Key in keyof EventOptions<string, RecordSchema>]?: unknown }): unknown {
  return defineEvent({ type: 'order.placed', topic: 'orders', key: () => null, schema, ...options } as EventOptions<
    string,
    RecordSchema
  >)
}

function withField(field: FieldSchema | { name?: unknown; type?: unknown }): { schema: unknown } {
  return { schema: { ...schema, fields: [field] } }
}

function withType(type: AvroSchema | object | undefined): { schema: unknown } {
  return withField({ name: 'a', type })
}

describe('an event definition', () => {
  it('is frozen and tells what is on the wire', () => {
    const definition = defineEvent({ type: 'order.placed', topic: 'orders', key: () => null, schema })
    expect(Object.isFrozen(definition)).toBe(true)
    expect(definition.envelopeSchema).toEqual({
      type: 'record',
      name: 'OrderPlacedEnvelope',
      namespace: 'shop',
      fields: [
        { name: 'event_id', type: 'string' },
        { name: 'trace_id', type: 'string' },
        { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' } },
        { name: 'source', type: 'string' },
        { name: 'data', type: schema },
      ],
    })
  })

  it('may have a schema without a namespace, or with one in its name', () => {
    const fields = schema.fields
    const plain = defineEvent({ type: 'a', topic: 'a', key: () => null, schema: { type: 'record', name: 'A', fields } })
    const dotted = defineEvent({
      type: 'a',
      topic: 'a',
      key: () => null,
      schema: { type: 'record', name: 'x.y.A', fields },
    })
    expect(plain.envelopeSchema.name).toBe('AEnvelope')
    expect(dotted.envelopeSchema).toMatchObject({ name: 'AEnvelope', namespace: 'x.y' })
  })

  it.each<[string, Parameters<typeof define>[0], string]>([
    ['no type', { type: '' }, 'type: must be 1 to 200 letters'],
    ['a type with a space', { type: 'order placed' }, 'type: must be'],
    ['a type of the framework', { type: 'tributary.x' }, "type: names that start with 'tributary.' are reserved"],
    ['no topic', { topic: undefined }, 'topic: must be a name that Kafka takes'],
    ['a topic of 250 characters', { topic: 'x'.repeat(250) }, 'topic: must be'],
    ['a topic of dots', { topic: '..' }, 'topic: must be'],
    ['a topic with a slash', { topic: 'a/b' }, 'topic: must be'],
    ['no key', { key: undefined }, 'key: must be a function'],
    ['a subject that is text', { subject: 'order' }, 'subject: must be a function'],
    ['no schema', { schema: undefined }, 'schema: must be an Avro record'],
    ['data that is no record', { schema: { type: 'array', items: 'int' } }, 'schema: must be an Avro record'],
    [
      'a record without a name',
      { schema: { type: 'record', fields: [] } },
      'schema: the record is of type record and has no name',
    ],
    [
      'a record without fields',
      { schema: { type: 'record', name: 'R' } },
      'schema: the record is a record without a list of fields',
    ],
    ['a namespace with a hyphen', { schema: { ...schema, namespace: 'my-shop' } }, 'has the name "my-shop"'],
    ['a field without a name', withField({ type: 'int' }), 'schema: undefined has no name'],
    [
      'a field with a hyphen',
      withField({ name: 'a-b', type: 'int' }),
      'schema: a-b has the name "a-b", but Avro names are',
    ],
    [
      'a field named __proto__',
      withField({ name: '__proto__', type: 'int' }),
      'which every JavaScript object has already',
    ],
    [
      'a field named toString',
      withField({ name: 'toString', type: 'int' }),
      'which every JavaScript object has already',
    ],
    [
      'a field twice',
      { schema: { ...schema, fields: [...schema.fields, ...schema.fields] } },
      'schema: id is defined twice',
    ],
    ['a field without a type', withType(undefined), 'schema: a has no Avro type: undefined'],
    [
      'a type that is not there',
      withType('Money'),
      'schema: a has the type "Money", which is neither a type of Avro nor defined before',
    ],
    ['an object that is no type', withType({ type: 'text' }), 'schema: a has no Avro type: {"type":"text"}'],
    [
      'a name of Avro for another type',
      withType({ type: 'fixed', name: 'int', namespace: '', size: 1 }),
      'gives the name of Avro',
    ],
    [
      'the record’s name again',
      withType({ type: 'fixed', name: 'OrderPlaced', size: 1 }),
      'defines "shop.OrderPlaced" a second time',
    ],
    [
      'the envelope’s name',
      withType({ type: 'fixed', name: 'OrderPlacedEnvelope', size: 1 }),
      'clashes with the envelope',
    ],
    ['a union without branches', withType([]), 'schema: a is a union without branches'],
    ['a union in a union', withType(['null', ['int', 'string']]), 'schema: a is a union directly inside a union'],
    [
      'a branch twice',
      withType(['int', { type: 'int', logicalType: 'date' }]),
      'schema: a is a union with two branches of type int',
    ],
    [
      'an enum without symbols',
      withType({ type: 'enum', name: 'E', symbols: [] }),
      'schema: a is an enum without symbols',
    ],
    [
      'a symbol twice',
      withType({ type: 'enum', name: 'E', symbols: ['A', 'A'] }),
      'schema: a is an enum with the same symbol twice',
    ],
    [
      'a symbol with a hyphen',
      withType({ type: 'enum', name: 'E', symbols: ['A-B'] }),
      'is an enum with a symbol that has the name "A-B"',
    ],
    [
      'an enum default that is no symbol',
      withType({ type: 'enum', name: 'E', symbols: ['A'], default: 'B' }),
      'whose default "B"',
    ],
    ['a fixed without a size', withType({ type: 'fixed', name: 'F' }), 'schema: a is a fixed whose size is undefined'],
    [
      'a decimal without a precision',
      withType({ type: 'bytes', logicalType: 'decimal' }),
      'schema: a is a decimal without a precision',
    ],
    [
      'a scale beyond the precision',
      withType({ type: 'bytes', logicalType: 'decimal', precision: 2, scale: 3 }),
      'of scale 3',
    ],
    [
      'a decimal larger than its fixed',
      withType({ type: 'fixed', name: 'F', size: 2, logicalType: 'decimal', precision: 5 }),
      'they hold 4',
    ],
    [
      'a logical type on another base',
      withType({ type: 'string', logicalType: 'date' }),
      'logical type date on string: it stands on int',
    ],
    ['js on an int', withType({ type: 'int', js: 'number' }), "has js: 'number', which only a long may have"],
    [
      'a default of another type',
      withField({ name: 'a', type: 'int', default: 'x' }),
      'a has a default that must be a 32-bit integer, not "x"',
    ],
    [
      'a default that fits the second branch',
      withField({ name: 'a', type: ['null', 'int'], default: 1 }),
      'a has a default that must be null, not 1; the default of a union must fit its first branch',
    ],
    [
      'a fault deep inside',
      withType({ type: 'array', items: { type: 'map', values: 'Line' } }),
      'schema: a[]{} has the type "Line"',
    ],
    [
      'a fault in an earlier schema',
      { earlierSchemas: [schema, withType('Gone').schema] },
      'earlierSchemas[1]: a has the type "Gone"',
    ],
  ])('with %s is refused with a message that names the field', (_, options, message) => {
    expect(() => define(options)).toThrow(EventDefinitionError)
    expect(() => define(options)).toThrow(message)
  })

  it('reports all faults together', () => {
    expect(() => define({ topic: '', key: 1, ...withType(['int', 'Gone', 'int']) })).toThrow(
      /^the event "order.placed" cannot be defined:\n- topic: .*\n- key: .*\n- schema: a .*Gone.*\n- schema: a .*two branches/,
    )
  })

  it('refuses an earlier schema that cannot be read as the present one, and names the path', () => {
    const earlier = { ...schema, fields: [{ name: 'id', type: 'long' }] }
    expect(() => define({ earlierSchemas: [schema, earlier] })).toThrow(SchemaIncompatibleError)
    expect(() => define({ earlierSchemas: [schema, earlier] })).toThrow(
      'earlierSchemas[1] cannot be read as the schema of the event "order.placed": id is written as long and read as string',
    )
  })

  it('refuses an earlier schema that differs in a logical type alone: its fingerprint is the same', () => {
    const at = (logicalType: string) => ({ ...schema, fields: [{ name: 'at', type: { type: 'long', logicalType } }] })
    expect(() => define({ schema: at('timestamp-millis'), earlierSchemas: [at('timestamp-micros')] })).toThrow(
      SchemaConflictError,
    )
  })

  it('accepts its own schema among the earlier ones', () => {
    expect(() => define({ earlierSchemas: [schema, schema] })).not.toThrow()
  })
})
