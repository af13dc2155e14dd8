import { defineEvent } from '@tributary/event-bus'

export const TOPIC = 'orders'

/** `n` tells orders apart, `orderId` is their key. */
const fields = [
  { name: 'orderId', type: 'string' },
  { name: 'n', type: 'int' },
] as const
const key = ({ orderId }: { orderId: string }): string => orderId

export const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: TOPIC,
  key,
  schema: { type: 'record', name: 'OrderPlaced', fields },
})

export const orderCancelled = defineEvent({
  type: 'order.cancelled',
  topic: TOPIC,
  key,
  schema: { type: 'record', name: 'OrderCancelled', fields },
})
