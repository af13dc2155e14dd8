import { orderConfirmed, orderRejected } from '@tributary/contracts'
import { type EventEnvelope, type HandlerContext, Reject, skip } from '@tributary/event-bus'
import { addToOutbox, handleOnce } from '@tributary/postgres'
import { type Decision, decideOrder, type OrderDatabase } from '../adapters/order-store.ts'

export interface HandlerDependencies {
  readonly database: OrderDatabase
}

/** Ends an order's way as inventory's answer says, and announces it, once: state, event and inbox row are one transaction. */
export async function decide(
  { database }: HandlerDependencies,
  event: EventEnvelope<string, { readonly orderId: string }>,
  ctx: HandlerContext,
  decision: Decision,
) {
  const { orderId } = event.data
  const isFirst = await handleOnce(database, event, ctx, async (tx) => {
    const order = await decideOrder(tx, orderId, decision)
    if (order === null)
      throw new Reject(
        `order ${orderId} is unknown here, or decided already: inventory answered twice with different events`,
      )
    const about = { orderId, customerId: order.customerId, email: order.email, total: order.total }
    const options = { correlationId: event.correlationId ?? orderId }
    const outcome =
      decision.status === 'confirmed'
        ? ctx.encode(orderConfirmed, about, options)
        : ctx.encode(orderRejected, { ...about, reason: decision.reason }, options)
    await addToOutbox(tx, [outcome])
  })
  return isFirst ? undefined : skip('handled before')
}
