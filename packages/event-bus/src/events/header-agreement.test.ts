import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RawHeader } from '../driver.ts'
import { rawHeaders } from '../raw-record.ts'
import { defineEvent } from './define-event.ts'
import { type EventMeta, encodeEvent } from './event-codec.ts'
import { contradicts, repeatsBody } from './header-agreement.ts'
import { callHeaders, eventHeaders, textHeader } from './headers.ts'
import { ReceivedHeaders } from './received-headers.ts'

const placed = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: () => null,
  schema: { type: 'record', name: 'OrderPlaced', fields: [{ name: 'orderId', type: 'string' }] },
})

function headersOf(meta: EventMeta): RawHeader[] {
  const trace = [textHeader('traceparent', `00-${meta.traceId}-b7ad6b7169203331-01`)]
  return rawHeaders(eventHeaders(callHeaders({ ...meta, type: placed.typeHeader, trace }), meta.id))
}

/** What either comparison says of a body and of headers. */
function compared(meta: EventMeta, headers: readonly RawHeader[]) {
  const value = encodeEvent(placed, { orderId: 'o-1' }, meta)
  const { read, start } = placed.codec
  const received = new ReceivedHeaders()
  received.read({ headers })
  const body = read(value, start)
  return {
    repeatsBody: repeatsBody(received, value, start, body),
    contradicts: contradicts(received, placed.type, body),
  }
}

// 63 and 64 characters: the longest whose length takes one byte, and the shortest whose length takes two.
const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }),
  fc.constantFrom('a', 'b', 'x'.repeat(63), 'x'.repeat(64), `${'x'.repeat(63)}y`),
)
const meta = fc.record({
  id: text,
  source: text,
  traceId: fc.oneof(
    fc.constantFrom('0af7651916cd43dd8448eb211c80319c', '0af7651916cd43dd8448eb211c80319d', 'short', ''),
    fc.stringMatching(/^[0-9a-f]{32}$/),
  ),
  // Neighbours: a second that was seen just before, another millisecond of it, and before 1970.
  timestamp: fc
    .oneof(fc.integer({ min: 1_767_323_045_000, max: 1_767_323_046_002 }), fc.integer({ min: -5_000, max: 5_000 }))
    .map((ms) => new Date(ms)),
})

describe('headers', () => {
  it('that repeat the body byte for byte never contradict it, whatever of them is missing', () => {
    fc.assert(
      fc.property(meta, meta, fc.subarray([0, 1, 2, 3, 4, 5, 6]), fc.boolean(), (of, other, kept, isOwn) => {
        const own = headersOf(of)
        const others = headersOf(other)
        const headers = own.flatMap((header, place) =>
          kept.includes(place) ? [header] : isOwn ? [] : [others[place] ?? header],
        )
        const said = compared(of, headers)
        if (said.repeatsBody) expect(said.contradicts).toBe(false)
        if (isOwn) expect(said.contradicts).toBe(false)
      }),
      { numRuns: 500 },
    )
  })

  it('of an event as it is published repeat its body', () => {
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const timestamp = new Date('2026-01-02T03:04:05.678Z')
    const published = { id: '01890000-0000-7000-8000-000000000001', source: 'order-service', traceId, timestamp }
    expect(compared(published, headersOf(published))).toEqual({ repeatsBody: true, contradicts: false })
    expect(compared(published, [])).toEqual({ repeatsBody: true, contradicts: false })
    const long = { ...published, source: 'x'.repeat(64) }
    expect(compared(long, headersOf(long))).toEqual({ repeatsBody: false, contradicts: false })
  })
})
