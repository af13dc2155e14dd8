import { describe, expect, it } from 'vitest'
import { defineEvent, type EventInput } from './define-event.ts'
import { encodeEvent, partitionKeyOf } from './event-codec.ts'
import { createEventDecoder } from './event-decoder.ts'
import { eventHeaders } from './headers.ts'

const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => order.orderId,
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
          items: {
            type: 'record',
            name: 'OrderLine',
            fields: [
              { name: 'sku', type: 'string' },
              { name: 'quantity', type: 'int' },
              { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 12, scale: 2 } },
            ],
          },
        },
      },
      { name: 'placedBy', type: 'long' },
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

const order: EventInput<typeof orderPlaced> = {
  orderId: 'o-1',
  lines: [{ sku: 'tea', quantity: 2, price: '18.50' }],
  placedBy: 2n ** 62n,
}

const origin = { topic: 'orders', partition: 3 }

function recordOf(value: Buffer | null, headers: readonly (readonly [string, Buffer | null])[] = []) {
  return { offset: 7n, timestamp: 0, key: Buffer.from('o-1'), value, headers }
}

describe('an event on its way to a record and back', () => {
  const headers = eventHeaders({ ...meta, type: orderPlaced.typeHeader, causationId: 'cause' })

  it('comes out as it went in, with defaults filled in', () => {
    const decoder = createEventDecoder({ definitions: [orderPlaced] })
    const decoded = decoder.decode(recordOf(encodeEvent(orderPlaced, order, meta), headers), origin)
    expect(decoded).toEqual({
      kind: 'event',
      definition: orderPlaced,
      headerMismatch: false,
      envelope: {
        id: meta.id,
        type: 'order.placed',
        source: 'order-service',
        timestamp: meta.timestamp,
        traceId: meta.traceId,
        causationId: 'cause',
        correlationId: null,
        subject: null,
        key: 'o-1',
        data: { ...order, note: null },
        origin: { topic: 'orders', partition: 3, recordOffset: 7n },
      },
    })
  })

  it('is found by its schema where it has no headers', () => {
    const decoder = createEventDecoder({ definitions: [orderPlaced] })
    expect(decoder.decode(recordOf(encodeEvent(orderPlaced, order, meta)), origin)).toMatchObject({
      envelope: { id: meta.id },
    })
  })

  it('has the partition key that its definition takes from the data', () => {
    expect(partitionKeyOf(orderPlaced, order)).toEqual(Buffer.from('o-1'))
  })
})
