import type { Migration } from '@tributary/postgres'
import type { ColumnType, GeneratedAlways } from 'kysely'
import type { OrderLine, OrderStatus } from '../domain/order.ts'

export interface OrderTables {
  shop_order: {
    order_id: string
    /** Of what the client sent, to tell a repetition from another order under the same id. */
    digest: string
    customer_id: string
    email: string
    lines: ColumnType<OrderLine[], string, never>
    total: string
    status: OrderStatus
    reason: string | null
    placed_at: GeneratedAlways<Date>
    decided_at: Date | null
  }
}

export const migrations: readonly Migration[] = [
  {
    name: 'order-001-orders',
    sql: `
      create table shop_order (
        order_id text primary key,
        digest text not null,
        customer_id text not null,
        email text not null,
        lines jsonb not null,
        total numeric(24, 4) not null,
        status text not null check (status in ('placed', 'confirmed', 'rejected')),
        reason text,
        placed_at timestamptz not null default clock_timestamp(),
        decided_at timestamptz
      );
    `,
  },
]
