import { inventoryRejected, inventoryReserved, orderPlaced } from '@tributary/contracts'
import { handle, skip } from '@tributary/event-bus'
import { addToOutbox, handleOnce } from '@tributary/postgres'
import { type InventoryDatabase, reserveOrder } from '../adapters/stock-store.ts'

export interface HandlerDependencies {
  readonly database: InventoryDatabase
}

/** Reserves all of an order or nothing, and answers, once however often the event comes: stock, answer and inbox row are one transaction. */
export const onOrderPlaced = ({ database }: HandlerDependencies) =>
  handle(orderPlaced, async (event, ctx) => {
    const { orderId, lines } = event.data
    const isFirst = await handleOnce(database, event, ctx, async (tx) => {
      const reservation = await reserveOrder(tx, orderId, lines)
      const options = { correlationId: event.correlationId ?? orderId }
      const answer =
        reservation.kind === 'reserved'
          ? ctx.encode(inventoryReserved, { orderId, items: [...reservation.items] }, options)
          : ctx.encode(inventoryRejected, { orderId, shortages: [...reservation.shortages] }, options)
      await addToOutbox(tx, [answer])
    })
    return isFirst ? undefined : skip('handled before')
  })
