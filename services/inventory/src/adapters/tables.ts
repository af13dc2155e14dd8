import type { Migration } from '@tributary/postgres'
import type { ColumnType, GeneratedAlways } from 'kysely'
import type { Demand } from '../domain/reserve.ts'

export interface InventoryTables {
  shop_stock: {
    sku: string
    /** What is left to reserve. */
    quantity: number
  }
  shop_reservation: {
    order_id: string
    items: ColumnType<Demand[], string, never>
    reserved_at: GeneratedAlways<Date>
  }
}

export const migrations: readonly Migration[] = [
  {
    name: 'inventory-001-stock',
    sql: `
      create table shop_stock (
        sku text primary key,
        quantity integer not null check (quantity >= 0)
      );
      create table shop_reservation (
        order_id text primary key,
        items jsonb not null,
        reserved_at timestamptz not null default clock_timestamp()
      );
    `,
  },
]
