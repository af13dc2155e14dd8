import { sql } from 'kysely'
import { LOCK_SPACE } from './lock-space.ts'
import { migrations as own } from './migrations.ts'
import type { AnyDatabase } from './transaction.ts'

/** One step of a schema, applied once. */
export interface Migration {
  /** Recorded for ever: never rename one that has been applied anywhere. */
  readonly name: string
  /** Statements, separated by semicolons. All pending migrations run in one transaction. */
  readonly sql: string
}

/**
 * Brings the tables of outbox and inbox, and the caller's own `migrations` after them, up to date. Idempotent; processes that start at the same time
 * wait for each other. A failure leaves everything as it was.
 */
export async function migrate(database: AnyDatabase, migrations: readonly Migration[] = []): Promise<void> {
  await database.kysely.transaction().execute(async (tx) => {
    await sql`select pg_advisory_xact_lock(${LOCK_SPACE}::int, hashtext(${`migrate ${database.schema}`}))`.execute(tx)
    await sql`create schema if not exists ${sql.id(database.schema)}`.execute(tx)
    await sql`create table if not exists tributary_migration (
      name text primary key, applied_at timestamptz not null default clock_timestamp())`.execute(tx)
    const applied = await sql<{ name: string }>`select name from tributary_migration`.execute(tx)
    const names = new Set(applied.rows.map((row) => row.name))
    for (const migration of [...own, ...migrations]) {
      if (names.has(migration.name)) continue
      for (const statement of migration.sql.split(/;\s*$/m).filter((text) => text.trim() !== ''))
        await sql.raw(statement).execute(tx)
      await sql`insert into tributary_migration (name) values (${migration.name})`.execute(tx)
    }
  })
}
