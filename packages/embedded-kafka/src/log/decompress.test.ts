import { gzipSync, zstdCompressSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decompress } from './decompress.ts'

const hex = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

describe('snappy', () => {
  // "ab" and then a copy of 10 bytes from 2 back, which overlaps what it writes.
  const block = hex('0c 04 61 62 19 02')
  const text = Buffer.from('abababababab')

  it('is read bare', () => {
    expect(decompress('snappy', block)).toEqual(text)
  })

  it('is read in the blocks of the Java library', () => {
    const size = hex('00000006')
    const framed = Buffer.concat([hex('82 53 4e 41 50 50 59 00 00000001 00000001'), size, block, size, block])
    expect(decompress('snappy', framed)).toEqual(Buffer.concat([text, text]))
  })

  it('that claims gigabytes is not believed', () => {
    expect(() => decompress('snappy', hex('ff ff ff ff 07 00 61'))).toThrow(/claims to unpack/)
  })
})

describe('lz4', () => {
  const frame = (block: string, stored = false) => {
    const bytes = hex(block)
    const size = Buffer.alloc(4)
    size.writeUInt32LE(bytes.length + (stored ? 0x8000_0000 : 0))
    return Buffer.concat([hex('04224d18 60 40 82'), size, bytes, hex('00000000')])
  }

  it('is read with matches that overlap what they write', () => {
    // Two literals, then 10 bytes from 2 back; the last sequence has only literals.
    expect(decompress('lz4', frame('26 61 62 02 00 10 63'))).toEqual(Buffer.from('ababababababc'))
  })

  it('is read where a block did not shrink', () => {
    expect(decompress('lz4', frame('61 62', true))).toEqual(Buffer.from('ab'))
  })

  it('repeats one byte, and runs of bytes, as often as it is told', () => {
    // "a" and 18 + 255 + 1 times the byte before; "b"; then 20 bytes from 7 back, which end with that "b"; "c".
    const block = '1f 61 01 00 ff 00 1f 62 07 00 01 10 63'
    const expected = `${'a'.repeat(275)}b${'aaaaaab'.repeat(2)}aaaaaac`
    expect(decompress('lz4', frame(block)).toString()).toBe(expected)
  })

  it('of a hundred thousand blocks takes as long as its bytes, not as all that came before each', {
    timeout: 60_000,
  }, () => {
    // 50 MB from one block of 200 kB; behind it one byte, packed and stored, again and again.
    const bomb = Buffer.concat([hex('1f 61 01 00'), Buffer.alloc(196_078, 255), hex('00 10 62')])
    const tiny = Array.from({ length: 50_000 }, () => hex('02000000 10 61 01000080 61'))
    const size = Buffer.alloc(4)
    size.writeUInt32LE(bomb.length)
    const whole = Buffer.concat([hex('04224d18 60 40 82'), size, bomb, ...tiny, hex('00000000')])
    expect(decompress('lz4', whole).length).toBe(49_999_911 + 100_000)
  })

  it('that unpacks to more than is allowed is refused, stored blocks included', () => {
    const bomb = Buffer.concat([hex('1f 61 01 00'), Buffer.alloc(600_000, 255), hex('00 10 62')])
    expect(() => decompress('lz4', frame(bomb.toString('hex')))).toThrow(/more than is allowed/)
    const stored = Array.from({ length: 129 }, () => Buffer.concat([hex('00001080'), Buffer.alloc(2 ** 20)]))
    const whole = Buffer.concat([hex('04224d18 60 40 82'), ...stored, hex('00000000')])
    expect(() => decompress('lz4', whole)).toThrow(/more than is allowed/)
  })

  it('that refers to bytes before its beginning is refused', () => {
    expect(() => decompress('lz4', frame('16 61 09 00'))).toThrow(/before its beginning/)
  })
})

it('reads what Node compresses', () => {
  const text = Buffer.from('a record '.repeat(100))
  expect(decompress('gzip', gzipSync(text))).toEqual(text)
  expect(decompress('zstd', zstdCompressSync(text))).toEqual(text)
})

it('ends on any bytes, with an error or a result', () => {
  fc.assert(
    fc.property(fc.constantFrom('snappy', 'lz4'), fc.uint8Array({ maxLength: 200 }), (codec, bytes) => {
      const input = codec === 'lz4' ? Buffer.concat([hex('04224d18 60 40 82'), bytes]) : Buffer.from(bytes)
      try {
        decompress(codec, input)
      } catch (error) {
        expect((error as Error).name).toBe('RefusedBatch')
      }
    }),
  )
})
