import type { QueryExecutorProvider } from 'kysely'
import type { Listen } from './listen.ts'

/**
 * A Kysely `Transaction` over any tables. Outbox and inbox take nothing less: outside a transaction their rows would not stand or fall with the
 * caller's own.
 */
export interface TransactionHandle extends QueryExecutorProvider {
  readonly isTransaction: true
}

/** A `Database`, whatever its tables: for code that knows its own tables only. (`Kysely<Shop>` is no `Kysely<object>` to the compiler.) */
export interface AnyDatabase {
  readonly schema: string
  readonly kysely: QueryExecutorProvider & {
    transaction(): { execute<T>(work: (tx: TransactionHandle) => Promise<T>): Promise<T> }
  }
  readonly listen: Listen
}
