import { describe, expect, it } from 'vitest'
import { DatumCodec } from './codec.ts'
import { incompatibility } from './evolution.ts'
import { readSchema } from './read-schema.ts'
import type { AvroSchema, FieldSchema } from './schema.ts'

const NO_PREFIX = Buffer.alloc(0)

function nodeOf(schema: AvroSchema) {
  const { node, faults } = readSchema(schema, { annotations: 'strict' })
  expect(faults).toEqual([])
  return node
}

/** What a reader makes of a value that a writer wrote, after asking whether it can. */
function reread(writer: AvroSchema, value: unknown, reader: AvroSchema): unknown {
  expect(incompatibility(nodeOf(reader), nodeOf(writer))).toBeNull()
  const writerCodec = new DatumCodec(nodeOf(writer))
  return new DatumCodec(nodeOf(reader)).readerOf(writerCodec)(writerCodec.write(NO_PREFIX, value), 0)
}

function record(...fields: FieldSchema[]): AvroSchema {
  return { type: 'record', name: 'R', fields }
}

const timestamp = (unit: 'millis' | 'micros') => ({ type: 'long', logicalType: `timestamp-${unit}` }) as const
const decimal = (precision: number, scale: number) =>
  ({ type: 'bytes', logicalType: 'decimal', precision, scale }) as const

describe('what an earlier schema wrote', () => {
  const empty: AvroSchema = { type: 'record', name: 'E', fields: [] }
  it.each<[string, AvroSchema, unknown, AvroSchema, unknown]>([
    ['has a new field’s default', record(), {}, record({ name: 'a', type: 'long', default: 5 }), { a: 5n }],
    [
      'loses a field that was removed',
      record({ name: 'a', type: { type: 'array', items: { type: 'map', values: 'int' } } }, { name: 'b', type: 'int' }),
      { a: [{ x: 1 }], b: 2 },
      record({ name: 'b', type: 'int' }),
      { b: 2 },
    ],
    [
      'has a renamed field by its alias',
      record({ name: 'old', type: 'int' }),
      { old: 1 },
      record({ name: 'new', aliases: ['old'], type: 'int' }),
      { new: 1 },
    ],
    [
      'has a renamed record by its alias',
      { type: 'record', name: 'a.Old', fields: [{ name: 'x', type: 'int' }] },
      { x: 1 },
      { type: 'record', name: 'New', namespace: 'a', aliases: ['Old'], fields: [{ name: 'x', type: 'int' }] },
      { x: 1 },
    ],
    ['becomes wider: int to long', 'int', 5, 'long', 5n],
    ['becomes wider: int to a long of type number', 'int', 5, { type: 'long', js: 'number' }, 5],
    ['becomes wider: long to double', 'long', 5n, 'double', 5],
    ['becomes wider: int to float', 'int', 5, 'float', 5],
    ['becomes wider: float to double', 'float', 0.5, 'double', 0.5],
    ['becomes text of bytes', 'bytes', Buffer.from('é'), 'string', 'é'],
    ['becomes bytes of text', 'string', 'é', 'bytes', Buffer.from('é')],
    ['becomes nullable', 'string', 'a', ['null', 'string'], 'a'],
    ['is read as one branch of many', 'int', 3, ['null', 'string', 'int'], 3],
    ['takes the branch of its own type before one it could become', 'string', 'a', ['null', 'bytes', 'string'], 'a'],
    ['takes the branch of its own type in a tagged union', 'int', 3, ['double', 'int'], { int: 3 }],
    ['takes a wider branch where its own is missing', 'int', 3, ['double', 'float'], { double: 3 }],
    ['keeps the branches of a union that grew', ['null', 'int'], 3, ['null', 'int', 'string'], 3],
    ['is told its branch when a union becomes tagged', ['null', 'int'], 3, ['null', 'int', 'double'], { int: 3 }],
    [
      'has a symbol that was added since',
      { type: 'enum', name: 'E', symbols: ['A'] },
      'A',
      { type: 'enum', name: 'E', symbols: ['B', 'A'] },
      'A',
    ],
    [
      'has the default for a symbol that is gone',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      'B',
      { type: 'enum', name: 'E', symbols: ['A'], default: 'A' },
      'A',
    ],
    ['gains a logical type', 'long', 5n, timestamp('millis'), new Date(5)],
    ['loses a logical type', timestamp('millis'), new Date(5), 'long', 5n],
    ['keeps a logical type over a wider base', { type: 'int' }, 5, timestamp('micros'), 5n],
    ['keeps a decimal whose precision grew', decimal(4, 2), '12.34', decimal(9, 2), '12.34'],
    [
      'is read through arrays and maps',
      { type: 'array', items: { type: 'map', values: 'int' } },
      [{ a: 1 }],
      { type: 'array', items: { type: 'map', values: 'long' } },
      [{ a: 1n }],
    ],
    [
      'may be an array of nothing',
      { type: 'array', items: empty },
      [{}, {}, {}],
      { type: 'array', items: { ...empty, fields: [{ name: 'a', type: 'int', default: 1 }] } as AvroSchema },
      [{ a: 1 }, { a: 1 }, { a: 1 }],
    ],
  ])('%s', (_, writer, value, reader, expected) => {
    expect(reread(writer, value, reader)).toEqual(expected)
  })

  it('is read through a record that refers to itself', () => {
    const tree = (extra: FieldSchema[]): AvroSchema => ({
      type: 'record',
      name: 'Node',
      fields: [{ name: 'next', type: ['null', 'Node'] }, ...extra],
    })
    const grown = tree([{ name: 'label', type: 'string', default: '?' }])
    expect(reread(tree([]), { next: { next: null } }, grown)).toEqual({ label: '?', next: { label: '?', next: null } })
  })

  it('keeps apart two records of one union that occurs twice', () => {
    const either: AvroSchema = [
      { type: 'record', name: 'A', fields: [{ name: 'a', type: 'int' }] },
      { type: 'record', name: 'B', fields: [{ name: 'b', type: 'int' }] },
    ]
    const writer = record({ name: 'x', type: either }, { name: 'y', type: ['A', 'B'] })
    const reader = record(
      { name: 'x', type: either },
      { name: 'y', type: ['A', 'B'] },
      { name: 'z', type: 'int', default: 0 },
    )
    const value = { x: { B: { b: 1 } }, y: { B: { b: 2 } } }
    expect(reread(writer, value, reader)).toEqual({ ...value, z: 0 })
  })
})

describe('what cannot be read as the present schema', () => {
  it.each<[string, AvroSchema, AvroSchema, string, string]>([
    [
      'a field without a default is new',
      record(),
      record({ name: 'a', type: 'int' }),
      'a',
      'is not written and has no default',
    ],
    [
      'a field became narrower',
      record({ name: 'a', type: 'long' }),
      record({ name: 'a', type: 'int' }),
      'a',
      'is written as long and read as int',
    ],
    [
      'a field is no longer nullable',
      record({ name: 'a', type: ['null', 'int'] }),
      record({ name: 'a', type: 'int' }),
      'a',
      'is written as null and read as int',
    ],
    [
      'a symbol is gone',
      { type: 'enum', name: 'E', symbols: ['A', 'B'] },
      { type: 'enum', name: 'E', symbols: ['A'] },
      '',
      "may be written as B, which the reader's enum does not have",
    ],
    [
      'a record has another name',
      { type: 'record', name: 'A', fields: [] },
      { type: 'record', name: 'B', fields: [] },
      '',
      'is written as A and read as B',
    ],
    [
      'a fixed has another size',
      record({ name: 'a', type: { type: 'fixed', name: 'F', size: 2 } }),
      record({ name: 'a', type: { type: 'fixed', name: 'F', size: 3 } }),
      'a',
      'is written with 2 bytes and read with 3',
    ],
    ['a decimal has another scale', decimal(9, 2), decimal(9, 3), '', 'is written with scale 2 and read with scale 3'],
    [
      'a timestamp has another unit',
      timestamp('micros'),
      timestamp('millis'),
      '',
      'is written as timestamp-micros and read as timestamp-millis',
    ],
    [
      'a timestamp has another unit, and another branch could take it for a number',
      timestamp('micros'),
      [timestamp('millis'), 'double'],
      '',
      'is written as timestamp-micros',
    ],
    [
      'deep inside',
      record({
        name: 'a',
        type: {
          type: 'array',
          items: { type: 'map', values: { type: 'record', name: 'L', fields: [{ name: 'x', type: 'string' }] } },
        },
      }),
      record({
        name: 'a',
        type: {
          type: 'array',
          items: { type: 'map', values: { type: 'record', name: 'L', fields: [{ name: 'x', type: 'int' }] } },
        },
      }),
      'a[]{}.x',
      'is written as string and read as int',
    ],
  ])('%s: the path to it is named', (_, writer, reader, path, message) => {
    const found = incompatibility(nodeOf(reader), nodeOf(writer))
    expect(found?.path).toBe(path)
    expect(found?.message).toContain(message)
    expect(() => new DatumCodec(nodeOf(reader)).readerOf(new DatumCodec(nodeOf(writer)))).toThrow()
  })
})
