import { describe, expect, it } from 'vitest'
import { DatumCodec } from './codec.ts'
import type { ReadValue } from './infer.ts'
import { readSchema } from './read-schema.ts'
import type { AvroSchema } from './schema.ts'

const NO_PREFIX = Buffer.alloc(0)

function codecOf(schema: AvroSchema): DatumCodec {
  const { node, faults } = readSchema(schema, { annotations: 'strict' })
  expect(faults).toEqual([])
  return new DatumCodec(node)
}

function hexOf(schema: AvroSchema, value: unknown): string {
  return codecOf(schema).write(NO_PREFIX, value).toString('hex')
}

function readHex(schema: AvroSchema, hex: string): unknown {
  return codecOf(schema).read(Buffer.from(hex, 'hex'), 0)
}

describe('bytes of values', () => {
  // By the encoding rules of the specification, worked out by hand.
  it.each<[string, AvroSchema, unknown, string]>([
    ['null', 'null', null, ''],
    ['a boolean', 'boolean', true, '01'],
    ['an int', 'int', -64, '7f'],
    ['the smallest int', 'int', -(2 ** 31), 'ffffffff0f'],
    ['a long', 'long', 64n, '8001'],
    ['the largest long', 'long', 2n ** 63n - 1n, 'feffffffffffffffff01'],
    ['the smallest long', 'long', -(2n ** 63n), 'ffffffffffffffffff01'],
    ['a long of type number', { type: 'long', js: 'number' }, -(2 ** 53 - 1), 'fdffffffffffff1f'],
    ['a float', 'float', 1.5, '0000c03f'],
    ['a double', 'double', -1.5, '000000000000f8bf'],
    ['bytes', 'bytes', Buffer.from([1, 255]), '0401ff'],
    ['a string', 'string', 'h€', '0868e282ac'],
    ['a fixed', { type: 'fixed', name: 'F', size: 2 }, Buffer.from([1, 2]), '0102'],
    ['an enum', { type: 'enum', name: 'E', symbols: ['A', 'B'] }, 'B', '02'],
    ['an array', { type: 'array', items: 'int' }, [1, -1], '04020100'],
    ['an empty array', { type: 'array', items: 'int' }, [], '00'],
    ['a map', { type: 'map', values: 'int' }, { a: 1 }, '0202610200'],
    ['a nullable value', ['null', 'int'], 1, '0202'],
    ['null in a union', ['null', 'int'], null, '00'],
    ['a branch told by its JavaScript type', ['int', 'long', 'string'], 3n, '0206'],
    ['a branch told by its tag', ['int', 'double'], { int: 3 }, '0006'],
    ['a decimal', { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 2 }, '-1.28', '0280'],
    [
      'a decimal in a fixed',
      { type: 'fixed', name: 'D', size: 3, logicalType: 'decimal', precision: 5, scale: 2 },
      '-1.28',
      'ffff80',
    ],
    ['a decimal of zero', { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 0 }, '0', '0200'],
    [
      'a uuid',
      { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' },
      '00112233-4455-6677-8899-aabbccddeeff',
      '00112233445566778899aabbccddeeff',
    ],
    ['a date', { type: 'int', logicalType: 'date' }, '1970-01-02', '02'],
    ['a date before 1970', { type: 'int', logicalType: 'date' }, '1969-12-31', '01'],
    ['a time in milliseconds', { type: 'int', logicalType: 'time-millis' }, '00:00:01.500', 'b817'],
    ['a time in microseconds', { type: 'long', logicalType: 'time-micros' }, '00:00:00.000001', '02'],
    ['a timestamp in milliseconds', { type: 'long', logicalType: 'timestamp-millis' }, new Date(-1), '01'],
    ['a timestamp in microseconds', { type: 'long', logicalType: 'timestamp-micros' }, 64n, '8001'],
    [
      'a local timestamp in milliseconds',
      { type: 'long', logicalType: 'local-timestamp-millis' },
      '1969-12-31T23:59:59.999',
      '01',
    ],
    [
      'a local timestamp in microseconds',
      { type: 'long', logicalType: 'local-timestamp-micros' },
      '1970-01-01T00:00:00.000064',
      '8001',
    ],
  ])('%s is written by the specification and read back', (_, schema, value, hex) => {
    expect(hexOf(schema, value)).toBe(hex)
    expect(readHex(schema, hex)).toEqual(value)
  })

  it('read as wrapped branches where a union is tagged', () => {
    const schema = [
      { type: 'record', name: 'pay.Card', fields: [{ name: 'digits', type: 'string' }] },
      { type: 'record', name: 'pay.Cash', fields: [] },
      'null',
    ] as const
    const value: ReadValue<typeof schema> = { 'pay.Card': { digits: '42' } }
    expect(hexOf(schema, value)).toBe('00043432')
    expect(readHex(schema, '00043432')).toEqual(value)
    expect(readHex(schema, '04')).toBe(null)
  })

  it('take any Uint8Array for bytes', () => {
    const inside = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)
    expect(hexOf('bytes', inside)).toBe('040102')
    expect(hexOf({ type: 'fixed', name: 'F', size: 2 }, inside)).toBe('0102')
  })

  it('have what other writers may add: blocks with their length, several blocks, short fractions', () => {
    expect(readHex({ type: 'array', items: 'int' }, '03040204020600')).toEqual([1, 2, 3])
    expect(hexOf({ type: 'int', logicalType: 'time-millis' }, '12:30')).toBe(
      hexOf({ type: 'int', logicalType: 'time-millis' }, '12:30:00.000'),
    )
    expect(hexOf({ type: 'bytes', logicalType: 'decimal', precision: 5, scale: 2 }, '7')).toBe('0402bc')
  })

  it.each([0, 1, 63, 64, 65, 200])('make an array of %i items, in one block or in two', (length) => {
    const items = Array.from({ length }, (_, index) => index)
    const codec = codecOf({ type: 'array', items: 'int' })
    const block = codec.write(NO_PREFIX, items)
    expect(codec.read(block, 0)).toStrictEqual(items)
    const twice = length === 0 ? block : Buffer.concat([block.subarray(0, -1), block])
    expect(codec.read(twice, 0)).toStrictEqual(length === 0 ? [] : [...items, ...items])
  })

  it('are written whole when they exceed the scratch buffer', () => {
    const codec = codecOf('string')
    const text = 'x'.repeat(200_000)
    const bytes = codec.write(Buffer.from('prefix'), text)
    expect(bytes.toString('utf8', 0, 6)).toBe('prefix')
    expect(codec.read(bytes, 6)).toBe(text)
  })

  it('are its own though a getter of it writes another value', () => {
    const codec = codecOf({
      type: 'record',
      name: 'Pair',
      fields: [
        { name: 'left', type: 'string' },
        { name: 'right', type: 'string' },
      ],
    })
    const inner: Buffer[] = []
    const value = {
      left: 'outer',
      get right() {
        inner.push(codec.write(NO_PREFIX, { left: 'other', right: 'value' }))
        return 'one'
      },
    }
    expect(codec.read(codec.write(NO_PREFIX, value), 0)).toEqual({ left: 'outer', right: 'one' })
    for (const bytes of inner) expect(codec.read(bytes, 0)).toEqual({ left: 'other', right: 'value' })
    expect(inner.length).toBeGreaterThan(0)
  })

  it.each([
    ['that is none', '040628', '\u0006('],
    [
      'in upper case',
      '4838374235324333462d434536392d384541312d413530352d354235314146354536413932',
      '87B52C3F-CE69-8EA1-A505-5B51AF5E6A92',
    ],
  ])('give the text for a uuid %s, as another writer may put into a string', (_, hex, text) => {
    expect(readHex({ type: 'string', logicalType: 'uuid' }, hex)).toBe(text)
  })

  it('keep an entry of a map whose key is __proto__, and the prototype of the object', () => {
    const values: unknown = readHex({ type: 'map', values: 'int' }, '02125f5f70726f746f5f5f0200')
    expect(Object.getPrototypeOf(values)).toBe(Object.prototype)
    expect(Object.entries(values as object)).toEqual([['__proto__', 1]])
    expect(hexOf({ type: 'map', values: 'int' }, values)).toBe('02125f5f70726f746f5f5f0200')
  })
})

describe('a value that does not fit', () => {
  const money = { type: 'bytes', logicalType: 'decimal', precision: 5, scale: 2 } as const
  it.each<[string, AvroSchema, unknown]>([
    ['a number for a long', 'long', 5],
    ['a bigint for an int', 'int', 5n],
    ['a fraction for an int', 'int', 1.5],
    ['an int of 33 bits', 'int', 2 ** 31],
    ['a long of 65 bits', 'long', 2n ** 63n],
    ['an unsafe number', { type: 'long', js: 'number' }, 2 ** 53],
    ['text for a number', 'double', '1'],
    ['half of a surrogate pair', 'string', 'a\ud83d'],
    ['a string for bytes', 'bytes', 'abc'],
    ['a fixed of another length', { type: 'fixed', name: 'F', size: 2 }, Buffer.alloc(3)],
    ['a symbol that the enum does not have', { type: 'enum', name: 'E', symbols: ['A'] }, 'B'],
    ['a symbol that every object has', { type: 'enum', name: 'E', symbols: ['A'] }, 'toString'],
    ['a symbol in an array', { type: 'enum', name: 'E', symbols: ['A'] }, ['A']],
    ['an object for an array', { type: 'array', items: 'int' }, { length: 0 }],
    ['a Date for a map', { type: 'map', values: 'int' }, new Date()],
    ['a Map for a map', { type: 'map', values: 'int' }, new Map([['a', 1]])],
    ['null where there is none', 'string', null],
    ['undefined in a union', ['null', 'string'], undefined],
    ['a value of no branch', ['null', 'string'], 5],
    ['an unknown tag', ['int', 'double'], { toString: 3 }],
    ['an untagged value', ['int', 'double'], 3],
    ['a decimal with too many digits', money, '1000.00'],
    ['a decimal that would be rounded', money, '1.005'],
    ['a decimal that is a number', money, 1.5],
    ['a decimal of words', money, '1e3'],
    ['a uuid that is none', { type: 'string', logicalType: 'uuid' }, '0011'],
    ['a day that does not exist', { type: 'int', logicalType: 'date' }, '2026-02-29'],
    ['a time after midnight', { type: 'int', logicalType: 'time-millis' }, '24:00'],
    ['a time that would be cut', { type: 'int', logicalType: 'time-millis' }, '00:00:00.0001'],
    ['an invalid Date', { type: 'long', logicalType: 'timestamp-millis' }, new Date(Number.NaN)],
    ['a number for a timestamp', { type: 'long', logicalType: 'timestamp-millis' }, 5],
    ['a zone in a local time', { type: 'long', logicalType: 'local-timestamp-millis' }, '2026-01-01T00:00:00Z'],
  ])('%s is refused, and found', (_, schema, value) => {
    const codec = codecOf(schema)
    expect(() => codec.write(NO_PREFIX, value)).toThrow()
    expect(codec.faultIn(value)).not.toBeNull()
  })

  it('is named by the path to it', () => {
    const codec = codecOf({
      type: 'record',
      name: 'Order',
      fields: [
        { name: 'id', type: 'string' },
        {
          name: 'lines',
          type: {
            type: 'array',
            items: {
              type: 'record',
              name: 'Line',
              fields: [{ name: 'prices', type: { type: 'map', values: ['null', 'int'] } }],
            },
          },
        },
      ],
    })
    const order = { id: 'o', lines: [{ prices: {} }, { prices: { net: 1, gross: '1' } }] }
    expect(() => codec.write(NO_PREFIX, order)).toThrow()
    expect(codec.faultIn(order)).toEqual({ path: 'lines[1].prices.gross', message: 'must be null or int, not "1"' })
    expect(codec.faultIn({ lines: [] })).toEqual({
      path: 'id',
      message: 'must be a string of whole characters (no lone surrogates), not undefined (is the field missing?)',
    })
  })

  it('is reported even when it contains itself', () => {
    const codec = codecOf({ type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] })
    const endless: { next: unknown } = { next: null }
    endless.next = endless
    expect(() => codec.write(NO_PREFIX, endless)).toThrow()
    expect(codec.faultIn(endless)?.message).toContain('cannot be looked at')
  })
})

describe('bytes that are no value', () => {
  const emptyRecord = { type: 'record', name: 'Empty', fields: [] } as const
  const nested = { type: 'array', items: { type: 'array', items: 'int' } } as const
  it.each<[string, AvroSchema, string]>([
    ['an endless long', 'long', '80808080808080808080'],
    ['a long of 70 bits', 'long', 'ffffffffffffffffff7f'],
    ['an endless int', 'int', '8080808080'],
    ['an int of 40 bits', 'int', 'feffffffff01'],
    ['a long beyond 2^53 for a number', { type: 'long', js: 'number' }, 'feffffffffffffffff01'],
    ['a string of negative length', 'string', '01'],
    ['a string longer than the rest', 'string', '0a6162'],
    ['bytes of a length of 2^60', 'bytes', '808080808080808020'],
    ['an array of more items than bytes', { type: 'array', items: 'int' }, '80a0c9f60800'],
    ['an array of nothing, two milliard times', { type: 'array', items: 'null' }, 'feffffff0f00'],
    ['an array of empty records, two milliard times', { type: 'array', items: emptyRecord }, 'feffffff0f00'],
    ['a count of -2^63', { type: 'array', items: 'int' }, 'ffffffffffffffffff0102'],
    ['an array in an array of more items than bytes', nested, '02feffffff0f0000'],
    ['a map of more entries than bytes', { type: 'map', values: 'null' }, 'feffffff0f00'],
    ['a union index that is negative', ['null', 'int'], '01'],
    ['a union index out of range', ['null', 'int'], '0a'],
    ['a tagged union index out of range', ['float', 'int'], '0a'],
    ['an enum index out of range', { type: 'enum', name: 'E', symbols: ['A'] }, '02'],
    ['a negative enum index', { type: 'enum', name: 'E', symbols: ['A'] }, '01'],
    ['a truncated double', 'double', '0000'],
    ['a truncated fixed', { type: 'fixed', name: 'F', size: 4 }, '0000'],
    ['bytes after the value', 'int', '0200'],
    ['no bytes', 'int', ''],
    ['a timestamp outside Date', { type: 'long', logicalType: 'timestamp-millis' }, 'feffffffffffffff1f'],
    ['a time after midnight', { type: 'int', logicalType: 'time-millis' }, '80f0b252'],
    ['a decimal of too many bytes', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 0 }, '0a0000000001'],
    ['a decimal of too many digits', { type: 'bytes', logicalType: 'decimal', precision: 4, scale: 0 }, '042710'],
  ])('%s is refused with an error, soon', (_, schema, hex) => {
    const codec = codecOf(schema)
    const before = performance.now()
    expect(() => codec.read(Buffer.from(hex, 'hex'), 0)).toThrow(Error)
    expect(performance.now() - before).toBeLessThan(1000)
  })

  it.each<[string, AvroSchema, string]>([
    ['a decimal', { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 3 }, '6f4c15'],
    ['a decimal of negative length', { type: 'bytes', logicalType: 'decimal', precision: 30, scale: 3 }, '01'],
    [
      'a decimal in a fixed',
      { type: 'fixed', name: 'D', size: 4, logicalType: 'decimal', precision: 5, scale: 2 },
      '00',
    ],
    ['a uuid in a fixed', { type: 'fixed', name: 'U', size: 16, logicalType: 'uuid' }, '0011'],
  ])('are said to end too soon within %s, also by a resolver', (_, schema, hex) => {
    const codec = codecOf(schema)
    for (const read of [codec.read, codec.readerOf(codecOf(schema))])
      expect(() => read(Buffer.from(hex, 'hex'), 0)).toThrow('the bytes end before the value does')
  })

  it('of a deeply nested value are refused, and the process lives', () => {
    const schema = { type: 'record', name: 'Node', fields: [{ name: 'next', type: ['null', 'Node'] }] } as const
    expect(() => codecOf(schema).read(Buffer.alloc(1_000_000, 0x02), 0)).toThrow()
  })

  it('cannot make a reader skip for ever what it does not know', () => {
    const writer = codecOf({
      type: 'record',
      name: 'R',
      fields: [
        { name: 'old', type: { type: 'array', items: 'int' } },
        { name: 'kept', type: 'int' },
      ],
    })
    const reader = codecOf({ type: 'record', name: 'R', fields: [{ name: 'kept', type: 'int' }] })
    // A block of -1 items whose length leads back to itself.
    expect(() => reader.readerOf(writer)(Buffer.from('01030002', 'hex'), 0)).toThrow('a block claims -2')
  })
})
