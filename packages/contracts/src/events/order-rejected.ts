import { defineEvent, type EventData } from '@tributary/event-bus'

/** The order cannot be filled as a whole: the other end of its way. The customer is told by mail. */
export const orderRejected = defineEvent({
  type: 'order.rejected',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderRejected',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'customerId', type: 'string' },
      { name: 'email', type: 'string' },
      { name: 'total', type: { type: 'bytes', logicalType: 'decimal', precision: 24, scale: 4 } },
      // For the customer to read.
      { name: 'reason', type: 'string' },
    ],
  },
})

export type OrderRejected = EventData<typeof orderRejected>
