import { hash } from 'node:crypto'
import type { Database } from '@tributary/postgres'
import { type Kysely, sql, type Transaction } from 'kysely'
import type { Order, OrderStatus } from '../domain/order.ts'
import type { OrderTables } from './tables.ts'

export type OrderDatabase = Database<OrderTables>
export type OrderTransaction = Transaction<OrderTables>

/** An order with its state, as it is stored. */
export interface StoredOrder extends Order {
  readonly status: OrderStatus
  readonly reason: string | null
  readonly placedAt: Date
  readonly decidedAt: Date | null
}

export type InsertOutcome = 'inserted' | 'same-again' | 'another-order'

/** Hears of orders whose state has changed; the payload is the order's id. */
export const ORDER_CHANNEL = 'shop_order'

/** Waits for a transaction that is inserting the same id at this moment. */
export async function insertOrder(tx: OrderTransaction, order: Order): Promise<InsertOutcome> {
  const digest = digestOf(order)
  const { orderId: order_id, customerId: customer_id, email, total, lines } = order
  const row = { order_id, digest, customer_id, email, total, lines: JSON.stringify(lines), status: 'placed' as const }
  const inserted = await tx
    .insertInto('shop_order')
    .values(row)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirst()
  if (inserted.numInsertedOrUpdatedRows === 1n) return 'inserted'
  const existing = await tx
    .selectFrom('shop_order')
    .select('digest')
    .where('order_id', '=', order_id)
    .executeTakeFirst()
  return existing?.digest === digest ? 'same-again' : 'another-order'
}

export async function findOrder(executor: Kysely<OrderTables>, orderId: string): Promise<StoredOrder | null> {
  const row = await executor.selectFrom('shop_order').selectAll().where('order_id', '=', orderId).executeTakeFirst()
  return row === undefined ? null : storedOrder(row)
}

export type Decision =
  | { readonly status: 'confirmed'; readonly reason: null }
  | { readonly status: 'rejected'; readonly reason: string }

/** Ends an order's way; null when the order does not exist or its way has ended before. */
export async function decideOrder(
  tx: OrderTransaction,
  orderId: string,
  decision: Decision,
): Promise<StoredOrder | null> {
  const row = await tx
    .updateTable('shop_order')
    .set({ ...decision, decided_at: sql<Date>`clock_timestamp()` })
    .where('order_id', '=', orderId)
    .where('status', '=', 'placed')
    .returningAll()
    .executeTakeFirst()
  if (row === undefined) return null
  await sql`select pg_notify(${ORDER_CHANNEL}, ${orderId})`.execute(tx)
  return storedOrder(row)
}

export async function countByStatus(executor: Kysely<OrderTables>): Promise<Record<OrderStatus, number>> {
  const rows = await executor
    .selectFrom('shop_order')
    .select(['status', sql<number>`count(*)::int`.as('count')])
    .groupBy('status')
    .execute()
  return { placed: 0, confirmed: 0, rejected: 0, ...Object.fromEntries(rows.map((row) => [row.status, row.count])) }
}

interface OrderRow {
  readonly order_id: string
  readonly customer_id: string
  readonly email: string
  readonly lines: Order['lines']
  readonly total: string
  readonly status: OrderStatus
  readonly reason: string | null
  readonly placed_at: Date
  readonly decided_at: Date | null
}

function storedOrder(row: OrderRow): StoredOrder {
  const { order_id: orderId, customer_id: customerId, placed_at: placedAt, decided_at: decidedAt } = row
  const { email, lines, total, status, reason } = row
  return { orderId, customerId, email, lines, total, status, reason, placedAt, decidedAt }
}

/** Field by field: the same order gives the same digest however its JSON was written. */
function digestOf({ orderId, customerId, email, lines }: Order): string {
  const parts = lines.map(({ sku, description, quantity, unitPrice }) => [sku, description, quantity, unitPrice])
  return hash('sha256', JSON.stringify([orderId, customerId, email, parts]))
}
