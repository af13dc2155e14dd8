import type { EventEnvelope, HandlerContext } from '@tributary/event-bus'
import { type QueryExecutorProvider, sql, type Transaction } from 'kysely'
import type { Database } from '../database.ts'
import type { TransactionHandle } from '../transaction.ts'

/** What the inbox needs of the handler's context. */
export type InboxContext = Pick<HandlerContext, 'group' | 'throwIfFenced'>
/** What the inbox needs of an event. */
export type InboxEvent = Pick<EventEnvelope, 'id' | 'source'>

/**
 * Remembers, in the handler's own transaction, that this group has handled this event. `true`: it is the first time, go on. `false`: an earlier
 * delivery has committed its effect, do nothing. A delivery that is being handled elsewhere at this moment is waited for.
 *
 * The row and the effect stand or fall together, so the effect happens once however often the event is delivered. What leaves the database (mail, a
 * call to another service) is not covered by this.
 *
 * @throws {AttemptFencedError} when the attempt has lost its partition or passed its deadline; call `ctx.throwIfFenced()` again before the commit, or
 *   use `handleOnce`, which does.
 */
export async function once(tx: TransactionHandle, event: InboxEvent, ctx: InboxContext): Promise<boolean> {
  ctx.throwIfFenced()
  const { numAffectedRows } = await sql`
    insert into tributary_inbox (consumer_group, event_source, event_id) values (${ctx.group}, ${event.source}, ${event.id})
    on conflict do nothing`.execute(tx)
  return numAffectedRows === 1n
}

/**
 * Runs `effect` in a transaction of its own, once per event. Resolves to whether this delivery was the one: `false` for a duplicate.
 *
 * An attempt that is fenced while it works is rolled back. A fence that falls during the commit itself comes too late to undo it; the row in the inbox
 * then refuses the attempt that replaces it, so there is still one effect.
 *
 * @throws {AttemptFencedError} and whatever `effect` throws; nothing is written then.
 */
export async function handleOnce<Tables>(
  database: Database<Tables>,
  event: InboxEvent,
  ctx: InboxContext,
  effect: (tx: Transaction<Tables>) => Promise<void>,
): Promise<boolean> {
  return database.kysely.transaction().execute(async (tx) => {
    if (!(await once(tx, event, ctx))) return false
    await effect(tx)
    ctx.throwIfFenced()
    return true
  })
}

/**
 * Whether this group has handled this event already. For effects outside the database, which no transaction covers: look first, act, then `once`. Only a
 * crash between the act and the `once` repeats the act.
 */
export async function isHandled(
  executor: QueryExecutorProvider,
  event: InboxEvent,
  ctx: Pick<InboxContext, 'group'>,
): Promise<boolean> {
  const { rows } = await sql`
    select 1 from tributary_inbox
    where consumer_group = ${ctx.group} and event_source = ${event.source} and event_id = ${event.id}`.execute(executor)
  return rows.length > 0
}
