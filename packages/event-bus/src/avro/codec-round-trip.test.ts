import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DatumCodec } from './codec.ts'
import { readSchema } from './read-schema.ts'
import { type Kind, kinds, type Representation } from './representation.ts'
import type { AvroSchema, FieldSchema } from './schema.ts'

/** A schema with a way to make values of it. */
interface Sample {
  readonly schema: AvroSchema
  readonly kind: Kind
  /** What stands for the type in a tagged union. */
  readonly tag: string
  readonly values: fc.Arbitrary<unknown>
}

const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
const text = fc.string({ unit: 'binary', maxLength: 100 })
const bytes = fc.uint8Array({ maxLength: 50 }).map((array) => Buffer.from(array))
const millisOfDay = fc.integer({ min: 0, max: 86_399_999 })

function isoTime(millis: number): string {
  return new Date(millis).toISOString().slice(11, 23)
}

const scalars: Partial<Record<Representation, { schema: AvroSchema; values: fc.Arbitrary<unknown> }>> = {
  boolean: { schema: 'boolean', values: fc.boolean() },
  int: { schema: 'int', values: fc.integer() },
  long: { schema: 'long', values: fc.oneof(long, fc.bigInt({ min: -200n, max: 200n })) },
  'long:number': { schema: { type: 'long', js: 'number' }, values: fc.maxSafeInteger() },
  float: { schema: 'float', values: fc.float() },
  double: { schema: 'double', values: fc.double() },
  bytes: { schema: 'bytes', values: bytes },
  string: { schema: 'string', values: text.map((value) => value.toWellFormed()) },
  'bytes:decimal': {
    schema: { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 3 },
    values: fc
      .tuple(fc.boolean(), fc.bigInt({ min: 1n, max: 10n ** 27n - 1n }), fc.integer({ min: 0, max: 999 }))
      .map(([isNegative, whole, part]) => `${isNegative ? '-' : ''}${whole}.${String(part).padStart(3, '0')}`),
  },
  'string:uuid': { schema: { type: 'string', logicalType: 'uuid' }, values: fc.uuid() },
  'int:date': {
    schema: { type: 'int', logicalType: 'date' },
    values: fc
      .date({ min: new Date('0000-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
  },
  'int:time-millis': { schema: { type: 'int', logicalType: 'time-millis' }, values: millisOfDay.map(isoTime) },
  'long:time-micros': {
    schema: { type: 'long', logicalType: 'time-micros' },
    values: fc
      .tuple(millisOfDay, fc.integer({ min: 0, max: 999 }))
      .map(([millis, micros]) => isoTime(millis) + String(micros).padStart(3, '0')),
  },
  'long:timestamp-millis': {
    schema: { type: 'long', logicalType: 'timestamp-millis' },
    values: fc.date({ noInvalidDate: true }),
  },
  'long:timestamp-micros': { schema: { type: 'long', logicalType: 'timestamp-micros' }, values: long },
  'long:local-timestamp-millis': {
    schema: { type: 'long', logicalType: 'local-timestamp-millis' },
    values: fc.date({ noInvalidDate: true }).map((date) => date.toISOString().slice(0, -1)),
  },
}

const scalar: fc.Arbitrary<Sample> = fc.constantFrom(
  ...Object.entries(scalars).map(([representation, { schema, values }]) => ({
    schema,
    values,
    kind: kinds[representation as Representation],
    tag: representation.split(':')[0] ?? '',
  })),
)

let names = 0
/** A name may be defined once in a schema; these are never used twice. */
function freshName(): string {
  return `T${names++}`
}

const { any } = fc.letrec<{ any: Sample; named: Sample; container: Sample; union: Sample; branch: Sample }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, depthIdentifier: 'schema' }, scalar, tie('named'), tie('container'), tie('union')),
  branch: fc.oneof({ maxDepth: 3, depthIdentifier: 'schema' }, scalar, tie('named'), tie('container')),
  named: fc.oneof(
    fc.array(tie('any'), { maxLength: 4 }).map((samples): Sample => {
      const name = freshName()
      const fields: FieldSchema[] = samples.map(({ schema }, index) => ({ name: `f${index}`, type: schema }))
      return {
        schema: { type: 'record', name, fields },
        kind: 'object',
        tag: name,
        values: fc.record(Object.fromEntries(samples.map(({ values }, index) => [`f${index}`, values]))),
      }
    }),
    fc.constant(null).map((): Sample => {
      const name = freshName()
      return {
        schema: { type: 'enum', name, symbols: ['A', 'B'] },
        kind: 'string',
        tag: name,
        values: fc.constantFrom('A', 'B'),
      }
    }),
    fc.integer({ min: 0, max: 20 }).map((size): Sample => {
      const name = freshName()
      return {
        schema: { type: 'fixed', name, size },
        kind: 'bytes',
        tag: name,
        values: fc.uint8Array({ minLength: size, maxLength: size }).map((array) => Buffer.from(array)),
      }
    }),
  ),
  container: fc.oneof(
    tie('any').map(
      ({ schema, values }): Sample => ({
        schema: { type: 'array', items: schema },
        kind: 'array',
        tag: 'array',
        values: fc.array(values, { maxLength: 5 }),
      }),
    ),
    tie('any').map(
      ({ schema, values }): Sample => ({
        schema: { type: 'map', values: schema },
        kind: 'object',
        tag: 'map',
        // A dictionary of no prototype would not equal what is read.
        values: fc.dictionary(
          text.map((key) => key.toWellFormed()),
          values,
          { maxKeys: 5, noNullPrototype: true },
        ),
      }),
    ),
  ),
  union: fc
    .uniqueArray(tie('branch'), { minLength: 1, maxLength: 4, selector: ({ tag }) => tag })
    .map((samples): Sample => {
      const isTagged = new Set(samples.map(({ kind }) => kind)).size < samples.length
      const branches = samples.map(({ tag, values }) => (isTagged ? values.map((value) => ({ [tag]: value })) : values))
      return {
        schema: ['null', ...samples.map(({ schema }) => schema)],
        // Not a branch itself, so nothing asks.
        kind: 'object',
        tag: '',
        values: fc.oneof(fc.constant(null), ...branches),
      }
    }),
}))

function codecOf(schema: AvroSchema): DatumCodec {
  const { node, faults } = readSchema(schema, { annotations: 'strict' })
  expect(faults).toEqual([])
  return new DatumCodec(node)
}

/** The same without `uuid`: a uuid in a string is checked when written, and read as whatever text is there. */
function withoutUuid(schema: AvroSchema): AvroSchema {
  const plain: AvroSchema = JSON.parse(
    JSON.stringify(schema, (key, value: unknown) => (key === 'logicalType' && value === 'uuid' ? undefined : value)),
  )
  return plain
}

const NO_PREFIX = Buffer.alloc(0)

describe('a codec', () => {
  it('reads what it wrote, for any schema and value', () => {
    const samples = any.chain(({ schema, values }) => values.map((value) => ({ schema, value })))
    fc.assert(
      fc.property(samples, ({ schema, value }) => {
        const codec = codecOf(schema)
        expect(codec.faultIn(value)).toBeNull()
        expect(codec.read(codec.write(NO_PREFIX, value), 0)).toEqual(value)
      }),
      { numRuns: 150 },
    )
  })

  it('makes of any bytes either an error that tells of them or a value that can be written', () => {
    const samples = any.chain(({ schema }) => fc.record({ schema: fc.constant(schema), bytes }))
    fc.assert(
      fc.property(samples, ({ schema, bytes: payload }) => {
        const codec = codecOf(schema)
        let value: unknown
        try {
          value = codec.read(payload, 0)
        } catch (error) {
          // Not a TypeError or the like, which would tell of the code that reads.
          expect(String(error)).toMatch(/^Error: /)
          return
        }
        const writer = codecOf(withoutUuid(schema))
        expect(codec.read(writer.write(NO_PREFIX, value), 0)).toEqual(value)
      }),
      { numRuns: 150 },
    )
  })

  it('reads what an identical writer wrote through a resolver', () => {
    const samples = any.chain(({ schema, values }) => values.map((value) => ({ schema, value })))
    fc.assert(
      fc.property(samples, ({ schema, value }) => {
        const writer = codecOf(schema)
        const read = codecOf(schema).readerOf(writer)
        expect(read(writer.write(NO_PREFIX, value), 0)).toEqual(value)
      }),
      { numRuns: 150 },
    )
  })

  const withExtra = (extra: AvroSchema): AvroSchema => ({
    type: 'record',
    name: 'Extended',
    fields: [
      { name: 'extra', type: extra },
      { name: 'kept', type: 'int' },
    ],
  })
  const kept: AvroSchema = { type: 'record', name: 'Extended', fields: [{ name: 'kept', type: 'int' }] }

  it('passes over whatever a writer has and it does not', () => {
    const samples = any.chain(({ schema, values }) => values.map((extra) => ({ schema, extra })))
    fc.assert(
      fc.property(samples, ({ schema, extra }) => {
        const writer = codecOf(withExtra(schema))
        const bytesOfBoth = writer.write(NO_PREFIX, { extra, kept: -7 })
        expect(codecOf(kept).readerOf(writer)(bytesOfBoth, 0)).toEqual({ kept: -7 })
      }),
      { numRuns: 150 },
    )
  })

  it('comes to an end whatever the bytes that it passes over', () => {
    const samples = any.chain(({ schema }) => fc.record({ schema: fc.constant(schema), bytes }))
    fc.assert(
      fc.property(samples, ({ schema, bytes: payload }) => {
        const read = codecOf(kept).readerOf(codecOf(withExtra(schema)))
        let value: unknown
        try {
          value = read(payload, 0)
        } catch {
          return
        }
        expect(value).toEqual({ kept: expect.any(Number) })
      }),
      { numRuns: 150 },
    )
  })
})
