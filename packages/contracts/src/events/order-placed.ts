import { defineEvent, type EventData } from '@tributary/event-bus'

/**
 * A customer has placed an order, and the order service has stored it. Nothing is promised yet: inventory decides.
 *
 * Money is an exact decimal with four places (`"24.9000"` in JavaScript, never a number): prices of a tenth of a penny exist. Nothing is rounded here;
 * whoever charges somebody rounds once, at the end. All amounts of the shop are in one currency.
 */
export const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderPlaced',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'customerId', type: 'string' },
      { name: 'email', type: 'string' },
      {
        name: 'lines',
        type: {
          type: 'array',
          items: {
            type: 'record',
            name: 'OrderLine',
            fields: [
              { name: 'sku', type: 'string' },
              { name: 'description', type: ['null', 'string'], default: null },
              { name: 'quantity', type: 'int' },
              { name: 'unitPrice', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 } },
            ],
          },
        },
      },
      { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 24, scale: 4 } },
    ],
  },
})

export type OrderPlaced = EventData<typeof orderPlaced>
