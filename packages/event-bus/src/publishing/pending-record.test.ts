import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OutgoingHeader } from '../driver.ts'
import { PendingRecord } from './pending-record.ts'
import { SendCall } from './send-call.ts'

const call = new SendCall({ acknowledged: () => {}, failed: () => {}, complete: () => {} }, 1, 0, 0)

function bytesWith(headers: readonly OutgoingHeader[]): number {
  return new PendingRecord(call, 0, 'orders', { key: null, value: null, headers, timestamp: 0 }).bytes
}

function sizeOf(value: Buffer | string | null): number {
  return value === null ? 0 : Buffer.from(value).length
}

const header: fc.Arbitrary<OutgoingHeader> = fc.tuple(
  fc.string({ maxLength: 5 }),
  fc.oneof(fc.constant(null), fc.string({ unit: 'binary', maxLength: 8 }), fc.constant(Buffer.alloc(3))),
)

describe('what a record takes', () => {
  it('is that of its own headers, whatever the records before had in common with it', () => {
    const histories = fc
      .array(header, { minLength: 1, maxLength: 6 })
      .chain((known) => fc.array(fc.array(fc.constantFrom(...known), { maxLength: 20 }), { maxLength: 12 }))
    fc.assert(
      fc.property(histories, (history) => {
        const nothing = bytesWith([])
        for (const headers of history) {
          const expected = headers.reduce((sum, [name, value]) => sum + 10 + name.length + sizeOf(value), nothing)
          expect(bytesWith(headers)).toBe(expected)
        }
      }),
    )
  })

  it('is that of a list of headers as it is now', () => {
    const headers: OutgoingHeader[] = [['a', 'short']]
    const before = bytesWith(headers)
    headers[0] = ['a', 'short and longer']
    expect(bytesWith(headers)).toBe(before + 11)
  })
})
