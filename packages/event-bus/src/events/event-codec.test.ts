import { describe, expect, it } from 'vitest'
import { EventDataError } from '../errors.ts'
import { defineEvent, type EventInput } from './define-event.ts'
import { encodeEvent, partitionKeyOf, subjectOf } from './event-codec.ts'

const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => (order.lines.length === 0 ? null : `${order.orderId}-ü`),
  subject: (order) => order.note ?? null,
  schema: {
    type: 'record',
    name: 'OrderPlaced',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: { type: 'record', name: 'OrderLine', fields: [{ name: 'quantity', type: 'int' }] },
        },
      },
      { name: 'note', type: ['null', 'string'], default: null },
    ],
  },
})

const meta = {
  id: '01890000-0000-7000-8000-000000000001',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
  source: 'order-service',
}

const order: EventInput<typeof orderPlaced> = { orderId: 'o-1', lines: [{ quantity: 2 }] }

/** As a caller without a compiler may give it. */
function encodeUnchecked(data: unknown): Buffer {
  return encodeEvent(orderPlaced, data as EventInput<typeof orderPlaced>, meta)
}

function errorOf(call: () => unknown): EventDataError {
  try {
    call()
  } catch (error) {
    if (error instanceof EventDataError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}

describe('the value of an event', () => {
  it('is framed as the Avro specification says, with the fingerprint of the envelope', () => {
    const value = encodeEvent(orderPlaced, order, meta)
    expect(value.toString('hex', 0, 2)).toBe('c301')
    expect(value.readBigUInt64LE(2)).toBe(orderPlaced.fingerprint)
  })

  it('has the envelope before the data, field by field', () => {
    const text = (value: string) => Buffer.from([2 * value.length, ...Buffer.from(value)])
    expect(encodeEvent(orderPlaced, order, meta).subarray(10)).toEqual(
      Buffer.concat([
        text(meta.id),
        text(meta.traceId),
        // 1767323045678 in zigzag.
        Buffer.from('dcbccccaef66', 'hex'),
        text(meta.source),
        text('o-1'),
        // One block of one line, the end of the lines, and the first branch of the note.
        Buffer.from([2, 4, 0, 0]),
      ]),
    )
  })

  it.each<[string, unknown, string, string]>([
    ['a wrong field', { ...order, orderId: 5 }, 'orderId', 'orderId must be a string'],
    [
      'a wrong field deep inside',
      { orderId: 'o', lines: [{ quantity: 1 }, { quantity: '2' }] },
      'lines[1].quantity',
      'lines[1].quantity must be a whole number of 32 bits, not "2"',
    ],
    ['a missing field', { lines: [] }, 'orderId', 'not undefined (is the field missing?)'],
    ['no data', undefined, '', 'the data must be an object (shop.OrderPlaced), not undefined'],
    ['null', null, '', 'the data must be an object (shop.OrderPlaced), not null'],
  ])('cannot be made of %s, and the error names the path', (_, data, path, message) => {
    const error = errorOf(() => encodeUnchecked(data))
    expect(error).toMatchObject({ path, outcome: 'not-written', code: 'EVENT_DATA_INVALID', retryable: false })
    expect(error.message).toContain('the event "order.placed" cannot be encoded: ')
    expect(error.message).toContain(message)
  })

  it('cannot be made with a timestamp that is no time', () => {
    const error = errorOf(() => encodeEvent(orderPlaced, order, { ...meta, timestamp: new Date(Number.NaN) }))
    expect(error).toMatchObject({ path: 'timestamp' })
  })

  it('is not disturbed by one that failed before', () => {
    const before = encodeEvent(orderPlaced, order, meta)
    expect(() => encodeUnchecked({ ...order, lines: [{ quantity: 1 }, {}] })).toThrow(EventDataError)
    expect(encodeEvent(orderPlaced, order, meta)).toEqual(before)
  })

  it('does not quote long texts in errors', () => {
    const secret = 'x'.repeat(500)
    expect(errorOf(() => encodeUnchecked({ ...order, lines: secret })).message).not.toContain('x'.repeat(50))
  })
})

describe('the key and the subject of an event', () => {
  it('come from the data, in UTF-8', () => {
    expect(partitionKeyOf(orderPlaced, order)).toBe('o-1-ü')
    expect(subjectOf(orderPlaced, { ...order, note: 'gift' })).toBe('gift')
  })

  it('may be null', () => {
    expect(partitionKeyOf(orderPlaced, { orderId: 'o', lines: [] })).toBeNull()
    expect(subjectOf(orderPlaced, order)).toBeNull()
  })

  it('are a typed error where the function throws, or gives something else', () => {
    expect(errorOf(() => partitionKeyOf(orderPlaced, {} as EventInput<typeof orderPlaced>))).toMatchObject({
      path: 'key',
      cause: expect.any(TypeError),
    })
    expect(errorOf(() => subjectOf(orderPlaced, { ...order, note: Number(5) as never })).message).toContain(
      'must come out as a string or null, not number',
    )
  })
})
