import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { latin1Text, utf8Text } from './short-text.ts'

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 20, max: 0x7f }),
  fc.uint8Array({ maxLength: 20 }),
  fc.string({ unit: 'grapheme', maxLength: 8 }).map((text) => new TextEncoder().encode(text)),
)

describe('short texts', () => {
  it('are what Node makes of the bytes, wherever in a buffer they are', () => {
    fc.assert(
      fc.property(bytes, fc.nat(5), fc.nat(5), (text, before, after) => {
        const buffer = Buffer.concat([Buffer.alloc(before, 0xff), text, Buffer.alloc(after, 0xff)])
        const end = before + text.length
        expect(latin1Text(buffer, before, end)).toBe(Buffer.from(text).toString('latin1'))
        expect(utf8Text(buffer, before, end)).toBe(Buffer.from(text).toString('utf8'))
      }),
    )
  })

  it.each(Array.from({ length: 15 }, (_, length) => length))('of %i characters are read whole', (length) => {
    const text = 'abcdefghijklmno'.slice(0, length)
    expect(utf8Text(Buffer.from(`-${text}-`), 1, 1 + length)).toBe(text)
    expect(latin1Text(Buffer.from(`-${text}-`), 1, 1 + length)).toBe(text)
  })
})
