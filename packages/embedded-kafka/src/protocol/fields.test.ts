import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { structOf } from '../../test/support/arbitrary-fields.ts'
import { apis } from '../api/catalogue.ts'
import { array, struct } from './composites.ts'
import { type FieldType, type Layout, optional, tagged } from './field-type.ts'
import { int32, nullable, string, uuid, zeroUuid } from './fields.ts'
import { MalformedRequest } from './malformed-request.ts'
import { Reader } from './reader.ts'
import { Writer } from './writer.ts'

function write(type: FieldType<unknown>, value: unknown, layout: Layout): Buffer {
  const writer = new Writer()
  type.write(writer, value, layout)
  const bytes = Buffer.concat(writer.buffers())
  expect(writer.length).toBe(bytes.length)
  return bytes
}

describe.each([...apis.values()].map((api) => [api.name, api] as const))('%s', (_name, api) => {
  const [oldest, newest] = api.versions
  const layouts = Array.from({ length: newest - oldest + 1 }, (_, index): Layout => {
    const version = oldest + index
    return { version, flexible: version >= api.flexibleSince }
  })

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

  it('are malformed when they do not have the length that they claim', () => {
    const bytes = Buffer.from([0, 0, 0, 5, 1, 1, 2, 3, 0x68, 0x69])
    expect(() => type.read(new Reader(bytes), { version: 2, flexible: true })).toThrow(MalformedRequest)
  })

  it('are written where they differ from their fallback, in the order of their numbers', () => {
    const pair = struct({ later: tagged(5, 0, int32), sooner: tagged(1, 0, nullable(string), null) })
    const layout = { version: 0, flexible: true }
    expect(write(pair, {}, layout)).toEqual(Buffer.from([0]))
    expect(write(pair, { later: 0, sooner: null }, layout)).toEqual(Buffer.from([0]))
    expect(write(pair, { later: 7, sooner: 'a' }, layout)).toEqual(Buffer.from([2, 1, 2, 2, 0x61, 5, 4, 0, 0, 0, 7]))
  })

  it('have their fallback in classic versions', () => {
    const bytes = Buffer.from([0, 0, 0, 5])
    expect(type.read(new Reader(bytes), { version: 1, flexible: false })).toEqual({ plain: 5, extra: 'absent' })
  })
})

describe('nulls', () => {
  const type = struct({ name: nullable(string, 2), ids: nullable(array(uuid)) })
  const flexible = { version: 2, flexible: true }

  it('are one byte in flexible versions, and as long as the length in classic ones', () => {
    expect(write(type, { name: null, ids: null }, flexible)).toEqual(Buffer.from([0, 0, 0]))
    const classic = { version: 2, flexible: false }
    expect(write(type, { name: null, ids: null }, classic)).toEqual(Buffer.alloc(6, 0xff))
    expect(type.read(new Reader(Buffer.alloc(6, 0xff)), classic)).toEqual({ name: null, ids: null })
  })

  it('are written as empty, and malformed when read, in versions that have none', () => {
    const older = { version: 1, flexible: true }
    expect(write(type, { name: null, ids: [] }, older)).toEqual(Buffer.from([1, 1, 0]))
    expect(() => type.read(new Reader(Buffer.from([0, 1, 0])), older)).toThrow(MalformedRequest)
  })

  it('of structs are told by a byte before them', () => {
    const outer = struct({ inner: nullable(struct({ number: optional(int32, 3) })) })
    expect(write(outer, { inner: null }, flexible)).toEqual(Buffer.from([0xff, 0]))
    expect(write(outer, { inner: {} }, flexible)).toEqual(Buffer.from([1, 0, 0, 0, 3, 0, 0]))
    expect(outer.read(new Reader(Buffer.from([1, 0, 0, 0, 3, 0, 0])), flexible)).toEqual({ inner: { number: 3 } })
  })
})

it('ids are text of 22 characters', () => {
  const written = write(uuid, 'AAECAwQFBgcICQoLDA0ODw', { version: 0, flexible: false })
  expect(written).toEqual(Buffer.from(Array.from({ length: 16 }, (_, index) => index)))
  expect(zeroUuid).toBe('A'.repeat(22))
})

describe('lengths that lie', () => {
  it.each([
    ['a string', string],
    ['an array', array(string)],
  ] as const)('of %s in a flexible version allocate nothing', (_what, type) => {
    const bytes = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f, 1, 2, 3])
    expect(() => type.read(new Reader(bytes), { version: 9, flexible: true })).toThrow(MalformedRequest)
  })

  it('of a string are not believed beyond what the classic layout can say', () => {
    const longer = Buffer.concat([Buffer.from([0x81, 0x80, 0x02]), Buffer.alloc(32_768, 'x')])
    expect(() => string.read(new Reader(longer), { version: 9, flexible: true })).toThrow(/claims 32768 bytes/)
  })

  it('allocate nothing', () => {
    const array = Buffer.from([0x7f, 0xff, 0xff, 0xff, 1, 2, 3])
    const request = [...apis.values()].find(({ name }) => name === 'DescribeGroups')?.request
    expect(() => request?.read(new Reader(array), { version: 0, flexible: false })).toThrow(
      /claims 2147483647 elements/,
    )
  })
})
