import { defineEvent, type EventDefinition } from '@tributary/event-bus'

export const GROUP = 'inventory'

const schema = {
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'shop',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'n', type: 'int' },
  ],
} as const

/** The event of these tests: `n` counts the orders of a test. */
export const orderPlaced = orderPlacedOn('orders')

/** The same on a topic of its own, for clusters that other tests use as well. */
export function orderPlacedOn(topic: string): EventDefinition<'order.placed', typeof schema> {
  return defineEvent({ type: 'order.placed', topic, key: (order) => order.orderId, schema })
}
