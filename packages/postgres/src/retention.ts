import { type Clock, type Logger, silentLogger, systemClock } from '@tributary/event-bus'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { AnyDatabase } from './transaction.ts'

export interface RetentionOptions {
  readonly database: AnyDatabase
  readonly logger?: Logger
  readonly clock?: Clock
  /** Published rows are kept this long, to be looked at; in milliseconds. @defaultValue one hour */
  readonly outboxMs?: number
  /**
   * Handled events are remembered this long, in milliseconds. An event that is delivered again later than this has its effect again: keep it above the
   * retention of the topics read, and above the age at which dead letters are still redriven. @defaultValue 8 days, one more than Kafka keeps records
   */
  readonly inboxMs?: number
  /** Time between two sweeps, in milliseconds. @defaultValue one minute */
  readonly everyMs?: number
}

const HOUR_MS = 3_600_000
/** Rows deleted in one statement: short transactions, that hold nobody up. */
const ROWS_PER_DELETE = 5000

/** Deletes old rows of outbox and inbox now and then. Several at once do no harm. */
export function startRetention(options: RetentionOptions): { close(): Promise<void> } {
  const { database, logger = silentLogger, clock = systemClock } = options
  const { outboxMs = HOUR_MS, inboxMs = 8 * 24 * HOUR_MS, everyMs = 60_000 } = options
  let isClosed = false
  let running: Promise<unknown> = Promise.resolve()
  const sweepLater = () =>
    clock.setTimer(() => {
      running = sweep(database.kysely, { outboxMs, inboxMs })
        .catch((error: unknown) =>
          logger.warn({ err: error }, 'old rows of outbox and inbox were not deleted; trying again later'),
        )
        .then(() => {
          if (!isClosed) timer = sweepLater()
        })
    }, everyMs)
  let timer = sweepLater()
  return {
    async close() {
      isClosed = true
      timer.cancel()
      await running
    },
  }
}

/** One sweep. Unpublished rows are never deleted, however old. */
export async function sweep(
  executor: QueryExecutorProvider,
  keep: { outboxMs: number; inboxMs: number },
): Promise<void> {
  await deleteInPortions(
    executor,
    (limit) => sql`
    delete from tributary_outbox where seq in (
      select seq from tributary_outbox where published_at < clock_timestamp() - ${keep.outboxMs}::float8 * interval '1 ms' limit ${limit})`,
  )
  await deleteInPortions(
    executor,
    (limit) => sql`
    delete from tributary_inbox where (consumer_group, event_source, event_id) in (
      select consumer_group, event_source, event_id from tributary_inbox
      where processed_at < clock_timestamp() - ${keep.inboxMs}::float8 * interval '1 ms' limit ${limit})`,
  )
}

async function deleteInPortions(
  executor: QueryExecutorProvider,
  statement: (limit: number) => ReturnType<typeof sql>,
): Promise<void> {
  let deleted: bigint
  do deleted = (await statement(ROWS_PER_DELETE).execute(executor)).numAffectedRows ?? 0n
  while (deleted === BigInt(ROWS_PER_DELETE))
}
