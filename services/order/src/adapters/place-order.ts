import { orderPlaced } from '@tributary/contracts'
import type { Publisher } from '@tributary/event-bus'
import { addToOutbox } from '@tributary/postgres'
import type { Order } from '../domain/order.ts'
import { type InsertOutcome, insertOrder, type OrderDatabase } from './order-store.ts'

/** Stores an order together with the event that says so: either both are there afterwards, or neither. Repeating it is safe. */
export function placeOrder(
  database: OrderDatabase,
  encoder: Pick<Publisher, 'encode'>,
  order: Order,
): Promise<InsertOutcome> {
  return database.kysely.transaction().execute(async (tx) => {
    const outcome = await insertOrder(tx, order)
    if (outcome === 'inserted') {
      const event = encoder.encode(orderPlaced, { ...order, lines: [...order.lines] }, { correlationId: order.orderId })
      await addToOutbox(tx, [event])
    }
    return outcome
  })
}
