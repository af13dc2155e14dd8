import type { Kysely, Transaction } from 'kysely'
import type { Database } from './database.ts'
import type { addToOutbox } from './outbox/outbox.ts'
import type { startRelay } from './outbox/relay.ts'

interface Shop {
  readonly orders: { readonly id: string }
}

declare const shop: Database<Shop>
declare const inTransaction: Transaction<Shop>
declare const notInTransaction: Kysely<Shop>

/** A database with tables of one's own serves the relay, and its transactions the outbox. */
export const accepted: [Parameters<typeof startRelay>[0]['database'], Parameters<typeof addToOutbox>[0]] = [
  shop,
  inTransaction,
]

// @ts-expect-error outside a transaction, events would not stand or fall with the caller's rows
export const refused: Parameters<typeof addToOutbox>[0] = notInTransaction
