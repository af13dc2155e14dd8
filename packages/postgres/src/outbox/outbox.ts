import type { EncodedEvent } from '@tributary/event-bus'
import { type QueryExecutorProvider, sql } from 'kysely'
import type { TransactionHandle } from '../transaction.ts'
import { headersToJson } from './headers-json.ts'
import { laneOf } from './lane.ts'

/** Channel of the hint that rows may be waiting. */
export const OUTBOX_CHANNEL = 'tributary_outbox'

/** PostgreSQL takes 65,535 parameters a statement, and a row has eight. */
const ROWS_PER_INSERT = 1000

/**
 * Writes events into the outbox, in the caller's transaction: they are published if it commits, and never were if it does not. Encode them with
 * `bus.encode`, inside the context whose trace they shall continue.
 *
 * Events of one key are published in the order of these calls. To make that true between transactions too, the key is locked until the
 * transaction ends: a second one that writes the same key waits here. (Otherwise: A takes number 5 and is slow, B takes 6 and commits, 6 is published,
 * then A commits and 5 follows it.) Two transactions that lock several keys in different calls can deadlock; PostgreSQL then ends one, and its caller
 * tries again.
 */
export async function addToOutbox(tx: TransactionHandle, events: readonly EncodedEvent[]): Promise<void> {
  if (events.length === 0) return
  const rows = events.map((event) => ({ event, lane: laneOf(event.topic, event.key) }))
  const lanes = rows.filter(({ event }) => event.key !== null).map(({ lane }) => lane)
  // In one order for all callers, so that two calls cannot hold what the other wants.
  await sql`select pg_advisory_xact_lock(lane) from (select distinct lane from unnest(${lanes}::bigint[]) as lane order by lane) as lanes`.execute(
    tx,
  )
  for (let start = 0; start < rows.length; start += ROWS_PER_INSERT) {
    const values = rows.slice(start, start + ROWS_PER_INSERT).map(
      ({
        event,
        lane,
      }) => sql`(${lane}::bigint, ${event.id}, ${event.type}, ${event.topic}, ${event.key}::bytea, ${event.value}::bytea,
        ${headersToJson(event.headers)}::jsonb, ${event.timestamp}::timestamptz)`,
    )
    // Notifications of one transaction that say the same are one notification.
    await sql`
      with added as (
        insert into tributary_outbox (lane, id, type, topic, key, value, headers, event_time) values ${sql.join(values)}
      )
      select pg_notify(${OUTBOX_CHANNEL}, '')`.execute(tx)
  }
}

/** What waits in the outbox, for health and for a look by hand. */
export interface OutboxState {
  readonly unpublished: number
  /** Age of the oldest unpublished row in milliseconds; 0 when there is none. */
  readonly oldestUnpublishedMs: number
  /** Keys that wait after a failed publish. */
  readonly failingLanes: number
}

/** Reads the whole set of unpublished rows: meant for every few seconds, not for every request. */
export async function outboxState(executor: QueryExecutorProvider): Promise<OutboxState> {
  const { rows } = await sql<{ unpublished: number; oldest: number | null; failing: number }>`
    select count(*)::int as unpublished,
           (extract(epoch from clock_timestamp() - min(created_at)) * 1000)::float8 as oldest,
           (select count(*)::int from tributary_outbox_hold where attempts > 0) as failing
    from tributary_outbox where published_at is null`.execute(executor)
  const [row] = rows
  return { unpublished: row?.unpublished ?? 0, oldestUnpublishedMs: row?.oldest ?? 0, failingLanes: row?.failing ?? 0 }
}
