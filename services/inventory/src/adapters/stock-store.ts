import type { Database } from '@tributary/postgres'
import { type Kysely, sql, type Transaction } from 'kysely'
import { type Demand, demandByProduct, type Reservation, reserve } from '../domain/reserve.ts'
import type { InventoryTables } from './tables.ts'

export type InventoryDatabase = Database<InventoryTables>
export type InventoryTransaction = Transaction<InventoryTables>

export interface StockLevel {
  readonly sku: string
  /** What is left to reserve. */
  readonly quantity: number
}

/** Decides on an order and takes what it needs. Orders that share a product wait for each other. */
export async function reserveOrder(
  tx: InventoryTransaction,
  orderId: string,
  lines: readonly Demand[],
): Promise<Reservation> {
  const demand = demandByProduct(lines)
  const skus = demand.map(({ sku }) => sku)
  // Locked in one order by everybody ("C": as the process sorts, whatever the server's locale): two orders with the same two products, locked the other
  // way round, would wait for each other for ever.
  const { rows } = await sql<StockLevel>`
    select sku, quantity from shop_stock where sku = any(${skus}::text[]) order by sku collate "C" for update`.execute(
    tx,
  )
  const reservation = reserve(demand, new Map(rows.map(({ sku, quantity }) => [sku, quantity])))
  if (reservation.kind === 'rejected') return reservation
  await sql`
    update shop_stock set quantity = shop_stock.quantity - demand.quantity
    from unnest(${skus}::text[], ${demand.map(({ quantity }) => quantity)}::int[]) as demand (sku, quantity)
    where shop_stock.sku = demand.sku`.execute(tx)
  await tx
    .insertInto('shop_reservation')
    .values({ order_id: orderId, items: JSON.stringify(demand) })
    .execute()
  return reservation
}

/** Puts products on the shelf: what was there of them before no longer counts. */
export async function setStock(executor: Kysely<InventoryTables>, levels: readonly StockLevel[]): Promise<void> {
  const sorted = [...levels].sort((a, b) => (a.sku < b.sku ? -1 : 1))
  await sql`
    insert into shop_stock (sku, quantity)
    select * from unnest(${sorted.map(({ sku }) => sku)}::text[], ${sorted.map(({ quantity }) => quantity)}::int[])
    on conflict (sku) do update set quantity = excluded.quantity`.execute(executor)
}

export function readStock(executor: Kysely<InventoryTables>): Promise<StockLevel[]> {
  return executor.selectFrom('shop_stock').selectAll().orderBy('sku').execute()
}
