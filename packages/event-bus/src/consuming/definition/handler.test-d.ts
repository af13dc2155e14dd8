import { expectTypeOf } from 'vitest'
import { defineEvent } from '../../events/define-event.ts'
import { handleBatch } from './batch-handler.ts'
import { handle } from './handler.ts'
import { defineSubscription } from './subscription-definition.ts'

const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: {
    type: 'record',
    name: 'OrderPlaced',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'note', type: ['null', 'string'], default: null },
    ],
  },
})

handle(orderPlaced, async (event, ctx) => {
  expectTypeOf(event.type).toEqualTypeOf<'order.placed'>()
  expectTypeOf(event.data.orderId).toEqualTypeOf<string>()
  expectTypeOf(event.data.note).toEqualTypeOf<string | null>()
  await ctx.publish(orderPlaced, { orderId: event.data.orderId })
  // @ts-expect-error the event has no such field
  void event.data.orderNumber
  // @ts-expect-error a field is missing
  await ctx.publish(orderPlaced, {})
})

handleBatch(orderPlaced, { maxRecords: 10, by: 'key' }, async (events, ctx) => {
  for (const event of events) {
    expectTypeOf(event.data.note).toEqualTypeOf<string | null>()
    await ctx.for(event).publish(orderPlaced, { orderId: event.data.orderId })
  }
  // @ts-expect-error nobody could say which event caused it
  await ctx.publish(orderPlaced, { orderId: 'o-1' })
})

// @ts-expect-error batches are of a partition or of a key
handleBatch(orderPlaced, { by: 'topic' }, () => {})

// Whatever a handler returns is fine, so that a last call need not be awaited into nothing.
defineSubscription({ group: 'inventory', on: [handle(orderPlaced, (event) => event.data.orderId.length)] })

// @ts-expect-error there is no such policy
defineSubscription({ group: 'inventory', on: [], onFailure: { afterwards: 'ignore' } })
