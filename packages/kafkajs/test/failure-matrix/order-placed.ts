import { defineEvent } from '@tributary/event-bus'

export const GROUP = 'inventory'

/** The event of these tests: `n` counts the orders of a test. */
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
      { name: 'n', type: 'int' },
    ],
  },
})
