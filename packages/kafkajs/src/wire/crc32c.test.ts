import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { crc32c } from './crc32c.ts'

/** The definition, a bit at a time. */
function bitwise(bytes: Uint8Array): number {
  let crc = -1
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return ~crc >>> 0
}

describe('crc32c', () => {
  it('has the check value of its catalogue entry', () => {
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283)
  })

  it('is the same wherever bytes begin and end', () => {
    const range = fc.tuple(fc.nat(40), fc.nat(80))
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 120, maxLength: 120 }), range, (bytes, [start, length]) => {
        expect(crc32c(bytes, start, start + length)).toBe(bitwise(bytes.subarray(start, start + length)))
      }),
    )
  })
})
