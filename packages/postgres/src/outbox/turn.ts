/**
 * What a relay does to the database: in one short transaction it records what its publishes came to, and claims what may go next. Nothing is open
 * while records are on their way to Kafka, so that one code path serves a server and PGlite's single connection.
 */
import type { EncodedEvent } from '@tributary/event-bus'
import { sql } from 'kysely'
import { LOCK_SPACE } from '../lock-space.ts'
import type { TransactionHandle } from '../transaction.ts'
import { headersFromJson } from './headers-json.ts'

/** Rows of one lane, in order, that this relay alone may publish until the lease ends. */
export interface ClaimedLane {
  readonly lane: string
  /** Failures in a row before this claim. */
  readonly attempts: number
  readonly rows: readonly { readonly seq: string; readonly event: EncodedEvent }[]
}

export interface LaneFailure {
  /** In a row, with this one. */
  readonly attempts: number
  readonly message: string
  readonly waitMs: number
}

/** How one lane's turn ended. Rows beyond a failure were not tried. */
export interface LaneOutcome {
  readonly lane: string
  readonly publishedSeqs: readonly string[]
  readonly failure: LaneFailure | null
}

export interface TurnRequest {
  readonly schema: string
  readonly holder: string
  readonly outcomes: readonly LaneOutcome[]
  /** Lanes whose leases begin anew. */
  readonly renewedLanes: readonly string[]
  /** Rows to claim at most; 0 claims none. */
  readonly room: number
  readonly rowsPerLane: number
  readonly leaseMs: number
}

export interface Turn {
  readonly claimed: readonly ClaimedLane[]
  /** Whether more rows were ready than there was room for. */
  readonly hasMore: boolean
}

export async function takeTurn(tx: TransactionHandle, request: TurnRequest): Promise<Turn> {
  // One turn at a time per outbox. Between two relays, claims must see each other: with row locks alone, the second would skip the locked row 5 of a
  // lane and take row 6 before it. The lock comes first, so that no relay waits for it while it holds rows that another one needs.
  await sql`select pg_advisory_xact_lock(${LOCK_SPACE}::int, hashtext(${`outbox ${request.schema}`}))`.execute(tx)
  if (request.outcomes.length > 0) await record(tx, request)
  if (request.renewedLanes.length > 0) await renew(tx, request)
  return request.room > 0 ? claim(tx, request) : { claimed: [], hasMore: false }
}

async function record(tx: TransactionHandle, { holder, outcomes }: TurnRequest): Promise<void> {
  const publishedSeqs = outcomes.flatMap((outcome) => outcome.publishedSeqs)
  const done = outcomes.filter((outcome) => outcome.failure === null).map((outcome) => outcome.lane)
  const failed = outcomes.flatMap(({ lane, failure }) => (failure === null ? [] : [{ lane, ...failure }]))
  // A row is marked whoever holds its lane by now: it is on the log.
  await sql`
    with marked as (
      update tributary_outbox set published_at = clock_timestamp() where seq = any(${publishedSeqs}::bigint[])
    )
    delete from tributary_outbox_hold where holder = ${holder}::uuid and lane = any(${done}::bigint[])`.execute(tx)
  if (failed.length === 0) return
  await sql`
    update tributary_outbox_hold as hold
    set holder = null, attempts = failed.attempts, last_error = failed.message, until = clock_timestamp() + failed.wait_ms * interval '1 ms'
    from unnest(${failed.map((f) => f.lane)}::bigint[], ${failed.map((f) => f.message)}::text[],
                ${failed.map((f) => f.attempts)}::int[], ${failed.map((f) => f.waitMs)}::float8[])
      as failed (lane, message, attempts, wait_ms)
    where hold.lane = failed.lane and hold.holder = ${holder}::uuid`.execute(tx)
}

/**
 * Only lanes that the relay knows to be under way, not all that it holds: when the answer to a commit is lost, it holds lanes that it never got to know. They
 * must run out, or nobody would ever publish them.
 */
async function renew(tx: TransactionHandle, { holder, renewedLanes, leaseMs }: TurnRequest): Promise<void> {
  await sql`
    update tributary_outbox_hold set until = clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
    where holder = ${holder}::uuid and lane = any(${renewedLanes}::bigint[])`.execute(tx)
}

interface ReadyRow {
  seq: string
  lane: string
  attempts: number
  id: string
  type: string
  topic: string
  key: Buffer | null
  value: Buffer
  headers: [string, string | null][]
  event_time: Date
}

async function claim(tx: TransactionHandle, { holder, room, rowsPerLane, leaseMs }: TurnRequest): Promise<Turn> {
  // Unpublished rows, not rows beyond a cursor: a transaction that took its numbers early and commits late is seen whenever it commits.
  const { rows } = await sql<ReadyRow>`
    with ready as materialized (
      select waiting.seq, waiting.lane, coalesce(hold.attempts, 0) as attempts,
             id, type, topic, key, value, headers, event_time
      from tributary_outbox as waiting left join tributary_outbox_hold as hold on hold.lane = waiting.lane
      where published_at is null and (hold.lane is null or hold.until <= clock_timestamp())
      order by waiting.seq limit ${room}
    ), held as (
      insert into tributary_outbox_hold (lane, holder, until)
      select lane, ${holder}::uuid, clock_timestamp() + ${leaseMs}::float8 * interval '1 ms'
      from (select distinct lane from ready) as lanes
      on conflict (lane) do update set holder = excluded.holder, until = excluded.until
    )
    select * from ready order by seq`.execute(tx)
  const lanes = new Map<string, ClaimedLane & { rows: { seq: string; event: EncodedEvent }[] }>()
  for (const row of rows) {
    const lane = lanes.get(row.lane) ?? { lane: row.lane, attempts: row.attempts, rows: [] }
    lanes.set(row.lane, lane)
    // A busy key must not fill the room: what is left of it comes when these are done.
    if (lane.rows.length < rowsPerLane) lane.rows.push({ seq: row.seq, event: eventFromRow(row) })
  }
  return { claimed: [...lanes.values()], hasMore: rows.length === room }
}

function eventFromRow(row: ReadyRow): EncodedEvent {
  const { id, type, topic, key, value, headers, event_time: timestamp } = row
  return { id, type, topic, key, value, headers: headersFromJson(headers), timestamp }
}
