import { expectTypeOf } from 'vitest'
import type { ReadValue, UndefinedAvroType, WriteValue } from './infer.ts'
import type { AvroSchema, RecordSchema } from './schema.ts'

/** As `defineEvent` takes a schema: nobody writes `as const`. */
declare function read<const S extends AvroSchema>(schema: S): ReadValue<S>
declare function write<const S extends AvroSchema>(schema: S): WriteValue<S>

// Primitive types
expectTypeOf(read('null')).toEqualTypeOf<null>()
expectTypeOf(read('boolean')).toEqualTypeOf<boolean>()
expectTypeOf(read('int')).toEqualTypeOf<number>()
expectTypeOf(read('long')).toEqualTypeOf<bigint>()
expectTypeOf(read('float')).toEqualTypeOf<number>()
expectTypeOf(read('double')).toEqualTypeOf<number>()
expectTypeOf(read('bytes')).toEqualTypeOf<Buffer>()
expectTypeOf(read('string')).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'string' })).toEqualTypeOf<string>()

// A long is a number where its schema says so, never by its value
expectTypeOf(read({ type: 'long', js: 'number' })).toEqualTypeOf<number>()
expectTypeOf(read({ type: 'long', js: 'bigint' })).toEqualTypeOf<bigint>()

// Bytes are given as any Uint8Array and come as Buffers
expectTypeOf(write('bytes')).toEqualTypeOf<Uint8Array>()
expectTypeOf(write({ type: 'fixed', name: 'Md5', size: 16 })).toEqualTypeOf<Uint8Array>()
expectTypeOf(read({ type: 'fixed', name: 'Md5', size: 16 })).toEqualTypeOf<Buffer>()

// Logical types
expectTypeOf(read({ type: 'bytes', logicalType: 'decimal', precision: 9, scale: 2 })).toEqualTypeOf<string>()
expectTypeOf(
  read({ type: 'fixed', name: 'Money', size: 8, logicalType: 'decimal', precision: 9, scale: 2 }),
).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'string', logicalType: 'uuid' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'fixed', name: 'Id', size: 16, logicalType: 'uuid' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'int', logicalType: 'date' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'int', logicalType: 'time-millis' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'long', logicalType: 'time-micros' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'long', logicalType: 'timestamp-millis' })).toEqualTypeOf<Date>()
expectTypeOf(read({ type: 'long', logicalType: 'timestamp-micros' })).toEqualTypeOf<bigint>()
expectTypeOf(read({ type: 'long', logicalType: 'local-timestamp-millis' })).toEqualTypeOf<string>()
expectTypeOf(read({ type: 'long', logicalType: 'local-timestamp-micros' })).toEqualTypeOf<string>()
// Unknown ones are ignored, as the specification asks
expectTypeOf(read({ type: 'long', logicalType: 'fortnights' })).toEqualTypeOf<bigint>()

// Containers
expectTypeOf(read({ type: 'array', items: 'int' })).toEqualTypeOf<readonly number[]>()
expectTypeOf(read({ type: 'map', values: 'long' })).toEqualTypeOf<{ readonly [key: string]: bigint }>()
expectTypeOf(read({ type: 'enum', name: 'Suit', symbols: ['SPADES', 'HEARTS'] })).toEqualTypeOf<'SPADES' | 'HEARTS'>()

// Unions without a tag, wherever JavaScript tells the branches apart
expectTypeOf(read(['null', 'string'])).toEqualTypeOf<null | string>()
expectTypeOf(read(['int', 'long', 'string', 'bytes'])).toEqualTypeOf<number | bigint | string | Buffer>()
expectTypeOf(
  read(['null', { type: 'long', logicalType: 'timestamp-millis' }, { type: 'map', values: 'int' }]),
).toEqualTypeOf<null | Date | { readonly [key: string]: number }>()

// Unions with tags, where it does not
expectTypeOf(read(['null', 'int', 'double'])).toEqualTypeOf<
  null | { readonly int: number } | { readonly double: number }
>()
expectTypeOf(
  read([
    { type: 'record', name: 'Card', namespace: 'pay', fields: [{ name: 'digits', type: 'string' }] },
    { type: 'record', name: 'pay.Cash', fields: [{ name: 'given', type: 'long' }] },
  ]),
).toEqualTypeOf<
  { readonly 'pay.Card': { readonly digits: string } } | { readonly 'pay.Cash': { readonly given: bigint } }
>()
expectTypeOf(read(['string', { type: 'enum', name: 'Size', symbols: ['S', 'L'] }])).toEqualTypeOf<
  { readonly string: string } | { readonly Size: 'S' | 'L' }
>()

// Records: names, namespaces, references, defaults
const order = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'string' },
    { name: 'state', type: { type: 'enum', name: 'State', symbols: ['OPEN', 'DONE'] }, default: 'OPEN' },
    { name: 'before', type: ['null', 'State'], default: null },
    { name: 'full', type: 'shop.State' },
    {
      name: 'line',
      type: {
        type: 'record',
        name: 'parts.Line',
        fields: [
          { name: 'sku', type: { type: 'fixed', name: 'Sku', size: 8 } },
          { name: 'other', type: 'Sku' },
        ],
      },
    },
    { name: 'again', type: 'parts.Line' },
    { name: 'elsewhere', type: 'Sku' },
  ],
} as const satisfies RecordSchema

interface Line {
  readonly sku: Buffer
  readonly other: Buffer
}
expectTypeOf<ReadValue<typeof order>>().toEqualTypeOf<{
  readonly id: string
  readonly state: 'OPEN' | 'DONE'
  readonly before: null | 'OPEN' | 'DONE'
  readonly full: 'OPEN' | 'DONE'
  readonly line: Line
  readonly again: Line
  // `Sku` lives in `parts`: by its simple name it is not seen from `shop`.
  readonly elsewhere: UndefinedAvroType<'Sku'>
}>()

interface LineInput {
  readonly sku: Uint8Array
  readonly other: Uint8Array
}
expectTypeOf<Omit<WriteValue<typeof order>, 'elsewhere'>>().toEqualTypeOf<{
  readonly id: string
  readonly state?: 'OPEN' | 'DONE' | undefined
  readonly before?: null | 'OPEN' | 'DONE' | undefined
  readonly full: 'OPEN' | 'DONE'
  readonly line: LineInput
  readonly again: LineInput
}>()

// A deeper namespace, given by a name with dots
expectTypeOf(
  read({
    type: 'record',
    name: 'a.b.c.Outer',
    fields: [
      { name: 'x', type: { type: 'enum', name: 'X', symbols: ['Y'] } },
      { name: 'again', type: 'a.b.c.X' },
      { name: 'short', type: 'X' },
    ],
  }),
).toEqualTypeOf<{ readonly x: 'Y'; readonly again: 'Y'; readonly short: 'Y' }>()

// A record that refers to itself
const tree = {
  type: 'record',
  name: 'Node',
  fields: [
    { name: 'label', type: 'string' },
    { name: 'parent', type: ['null', 'Node'], default: null },
    { name: 'children', type: { type: 'array', items: 'Node' } },
  ],
} as const satisfies RecordSchema

declare const node: ReadValue<typeof tree>
expectTypeOf(node.children[0]?.children[0]?.parent?.label).toEqualTypeOf<string | undefined>()
const leaf: WriteValue<typeof tree> = { label: 'leaf', children: [] }
const root: WriteValue<typeof tree> = {
  label: 'root',
  children: [leaf, { label: 'other', parent: leaf, children: [] }],
}
// @ts-expect-error the label of a child is a string
const wrongTree: WriteValue<typeof tree> = { label: 'root', children: [{ label: 1, children: [] }] }
void [root, wrongTree]

// What is read can be written again
expectTypeOf<ReadValue<typeof tree>>().toExtend<WriteValue<typeof tree>>()

// Two records that refer to each other
const mutual = {
  type: 'record',
  name: 'Person',
  fields: [
    {
      name: 'dog',
      type: ['null', { type: 'record', name: 'Dog', fields: [{ name: 'owner', type: ['null', 'Person'] }] }],
    },
  ],
} as const satisfies RecordSchema
declare const person: ReadValue<typeof mutual>
expectTypeOf(person.dog?.owner?.dog?.owner).toExtend<ReadValue<typeof mutual> | null | undefined>()

// A schema that is no literal is not typed, and does not loop
declare const anySchema: AvroSchema
declare const anyRecord: RecordSchema
expectTypeOf(read(anySchema)).toEqualTypeOf<unknown>()
expectTypeOf(read(anyRecord)).toEqualTypeOf<unknown>()
expectTypeOf(read({ type: 'array', items: anySchema })).toEqualTypeOf<readonly unknown[]>()
expectTypeOf(
  read({
    type: 'record',
    name: 'R',
    fields: [
      { name: 'a', type: anySchema },
      { name: 'b', type: 'int' },
    ],
  }),
).toEqualTypeOf<{ readonly a: unknown; readonly b: number }>()

// Schemas that are no schemas
// @ts-expect-error there is no such type
read({ type: 'recrd', name: 'R', fields: [] })
// @ts-expect-error a field has a name
read({ type: 'record', name: 'R', fields: [{ type: 'int' }] })
// @ts-expect-error an enum has symbols
read({ type: 'enum', name: 'E' })
