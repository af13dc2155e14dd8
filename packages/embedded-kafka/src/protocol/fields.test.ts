import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apis } from '../api/catalogue.ts'
import { type FieldType, int32, type Layout, type Shape, string, struct, tagged } from './fields.ts'
import { MalformedRequest } from './malformed-request.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

/** Values of any declared type. Fields that a version lacks must come back as their fallback. */
function arbitraryOf(type: FieldType<unknown>, version: number): fc.Arbitrary<unknown> {
  const isNullable = type.fallback === null
  const orNull = (values: fc.Arbitrary<unknown>) => (isNullable ? fc.option(values) : values)
  if (type.name.startsWith('[]')) {
    const element = type.fields ? structOf(type.fields, version) : scalarNamed(type.name.slice(2))
    return orNull(fc.array(element, { maxLength: 3 }))
  }
  return orNull(scalarNamed(type.name))
}

function structOf(fields: Shape, version: number): fc.Arbitrary<unknown> {
  const isThere = (type: FieldType<unknown>) => version >= (type.since ?? 0) && version <= (type.until ?? Infinity)
  return fc.record(
    Object.fromEntries(
      Object.entries(fields).map(([name, type]) => [
        name,
        isThere(type) ? arbitraryOf(type, version) : fc.constant(type.fallback),
      ]),
    ),
  )
}

function scalarNamed(name: string): fc.Arbitrary<unknown> {
  switch (name) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 })
    case 'int16':
      return fc.integer({ min: -32_768, max: 32_767 })
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'bool':
      return fc.boolean()
    case 'string':
      return fc.string({ unit: 'grapheme', maxLength: 20 })
    case 'bytes':
      return fc.uint8Array({ maxLength: 3_000 }).map((bytes) => Buffer.from(bytes))
    case 'records':
      return fc.uint8Array({ maxLength: 3_000 }).map((bytes) => [Buffer.from(bytes)])
    default:
      throw new Error(`no values for type ${name}`)
  }
}

function write(type: FieldType<unknown>, value: unknown, layout: Layout): Buffer {
  const writer = new Writer()
  type.write(writer, value, layout)
  const bytes = Buffer.concat(writer.buffers())
  expect(writer.length).toBe(bytes.length)
  return bytes
}

describe.each([...apis.values()].map((api) => [api.name, api] as const))('%s', (_name, api) => {
  const [oldest, newest] = api.versions
  const versions = Array.from({ length: newest - oldest + 1 }, (_, index) => oldest + index)
  // One beyond the advertised versions where the flexible layout begins: the declarations must be ready for it.
  const layouts = [...new Set([...versions, api.flexibleSince])].map(
    (version): Layout => ({
      version,
      flexible: version >= api.flexibleSince,
    }),
  )

  it.each(layouts)('reads in version $version what it wrote, to the last byte', (layout) => {
    for (const type of [api.request, api.response]) {
      fc.assert(
        fc.property(structOf(type.fields ?? {}, layout.version), (value) => {
          const reader = new Reader(write(type, value, layout))
          expect(type.read(reader, layout)).toEqual(value)
          expect(reader.remaining).toBe(0)
        }),
        { numRuns: 20 },
      )
    }
  })

  it('reads a request or calls it malformed, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), fc.constantFrom(...layouts), (bytes, layout) => {
        try {
          api.request.read(new Reader(Buffer.from(bytes)), layout)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedRequest)
        }
      }),
    )
  })
})

describe('tagged fields', () => {
  const type = struct({ plain: int32, extra: tagged(1, 2, string, 'absent') })

  it('are read where they are known and stepped over where not', () => {
    // plain = 5, then two tagged fields: number 0 with 2 bytes, number 1 with the compact string "hi".
    const bytes = Buffer.from([0, 0, 0, 5, 2, 0, 2, 9, 9, 1, 3, 3, 0x68, 0x69])
    expect(type.read(new Reader(bytes), { version: 2, flexible: true })).toEqual({ plain: 5, extra: 'hi' })
  })

  it('have their fallback in classic versions', () => {
    const bytes = Buffer.from([0, 0, 0, 5])
    expect(type.read(new Reader(bytes), { version: 1, flexible: false })).toEqual({ plain: 5, extra: 'absent' })
  })
})

describe('lengths that lie', () => {
  it('allocate nothing', () => {
    const array = Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3])
    const request = [...apis.values()].find(({ name }) => name === 'DescribeGroups')?.request
    expect(() => request?.read(new Reader(array), { version: 0, flexible: false })).toThrow(
      /claims 2147483647 elements/,
    )
  })
})
