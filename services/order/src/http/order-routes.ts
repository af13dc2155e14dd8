import type { Publisher } from '@tributary/event-bus'
import { Problem } from '@tributary/service-kit'
import type { FastifyInstance } from 'fastify'
import type { OrderChanges } from '../adapters/order-changes.ts'
import { findOrder, type OrderDatabase, type StoredOrder } from '../adapters/order-store.ts'
import { placeOrder } from '../adapters/place-order.ts'
import { judgeOrder, refusals } from '../domain/judge-order.ts'
import { parseOrderRequest } from './order-request.ts'
import { streamOrder } from './order-stream.ts'

export interface OrderRoutes {
  readonly database: OrderDatabase
  readonly encoder: Pick<Publisher, 'encode'>
  readonly changes: OrderChanges
}

const MOST_FAULTS_TOLD = 20

export function addOrderRoutes(app: FastifyInstance, { database, encoder, changes }: OrderRoutes): void {
  app.post('/orders', async (request, reply) => {
    const judgement = judgeOrder(parseOrderRequest(request.body))
    if (judgement.kind === 'refused') {
      const { reason, faults } = judgement
      const [first] = faults.filter((fault) => fault.kind === reason)
      throw new Problem({
        kind: reason,
        title: refusals[reason],
        status: 422,
        detail: `${first?.pointer}: ${first?.detail}${faults.length > 1 ? ` (and ${faults.length - 1} more)` : ''}`,
        errors: faults.slice(0, MOST_FAULTS_TOLD).map(({ pointer, detail }) => ({ pointer, detail })),
      })
    }
    const { order } = judgement
    if ((await placeOrder(database, encoder, order)) === 'another-order') {
      throw new Problem({
        kind: 'order-id-taken',
        title: 'Another order has this id',
        status: 409,
        detail: `Order ${order.orderId} exists and differs from this one. Give a new order a new id; repeat an order with the same body.`,
      })
    }
    // The same answer however often it is asked for: what has become of the order since is for the status to say.
    const statusUrl = `/orders/${encodeURIComponent(order.orderId)}`
    return reply.code(202).header('location', statusUrl).send({ orderId: order.orderId, status: 'placed', statusUrl })
  })

  app.get<{ Params: { orderId: string } }>('/orders/:orderId', async ({ params }) =>
    present(await existingOrder(database, params.orderId)),
  )

  app.get<{ Params: { orderId: string } }>('/orders/:orderId/events', async ({ params }, reply) => {
    await existingOrder(database, params.orderId)
    reply.hijack()
    streamOrder(reply.raw, changes, params.orderId, async () => {
      const order = await findOrder(database.kysely, params.orderId)
      return order === null ? null : { status: order.status, data: present(order) }
    })
    return reply
  })
}

async function existingOrder(database: OrderDatabase, orderId: string): Promise<StoredOrder> {
  const order = await findOrder(database.kysely, orderId)
  if (order !== null) return order
  throw new Problem({
    kind: 'order-unknown',
    title: 'There is no such order',
    status: 404,
    detail: `No order has the id "${orderId}".`,
  })
}

/** What the outside sees of an order. The mail address stays inside: whoever knows an order's id need not know it. */
function present({ orderId, customerId, status, reason, total, lines, placedAt, decidedAt }: StoredOrder): object {
  return { orderId, customerId, status, reason, total, lines, placedAt, decidedAt }
}
