import { defineEvent, type EventData } from '@tributary/event-bus'

/** Everything in the order is reserved: the end of its way through the shop. The customer is told by mail. */
export const orderConfirmed = defineEvent({
  type: 'order.confirmed',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderConfirmed',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'customerId', type: 'string' },
      { name: 'email', type: 'string' },
      { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 24, scale: 4 } },
    ],
  },
})

export type OrderConfirmed = EventData<typeof orderConfirmed>
