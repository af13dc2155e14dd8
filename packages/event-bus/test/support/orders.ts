import { defineEvent } from '../../src/events/define-event.ts'

export const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderPlaced',
    namespace: 'shop',
    fields: [{ name: 'orderId', type: 'string' }],
  },
})
