import { describe, expect, it } from 'vitest'
import { printableKey } from './printable-key.ts'

describe('a key for people', () => {
  it.each([
    ['its text', Buffer.from('Bestellung-ä-7'), 'Bestellung-ä-7'],
    ['its bytes where they are no text', Buffer.from([0xff, 0x01]), '0xff01'],
    ['its bytes where the text would break a line', Buffer.from('a\nb'), '0x610a62'],
    ['shortened', Buffer.from('x'.repeat(500)), `${'x'.repeat(64)}…`],
    ['nothing when it is empty', Buffer.alloc(0), ''],
  ])('is %s', (_what, key, printed) => {
    expect(printableKey(key)).toBe(printed)
  })
})
