import { type EventEnvelope, type HandlerContext, skip } from '@tributary/event-bus'
import { type AnyDatabase, isHandled, once } from '@tributary/postgres'
import type { Mailer } from '../adapters/mailer.ts'
import type { Mail } from '../domain/mail.ts'

export interface HandlerDependencies {
  readonly database: AnyDatabase
  readonly mailer: Mailer
}

/**
 * Sends the mail of an event, once as far as SMTP allows. No transaction covers a mail server, so: look into the inbox, send, write into the inbox.
 *
 * - Delivered again after the inbox was written: not sent again.
 * - Killed, or cut off from the database, between the server's `250` and the commit: sent a second time, under the same Message-ID.
 * - The connection breaks after the mail's last byte and before the server's answer: nobody knows whether the server has it. It is sent again, under the
 *   same Message-ID.
 *
 * So every event gets its mail at least once, and repetitions are the same mail to whoever looks at the Message-ID. Writing into the inbox first would
 * turn these repetitions into mails that are never sent, which is worse for a shop.
 */
export async function sendOnce(
  { database, mailer }: HandlerDependencies,
  event: EventEnvelope,
  ctx: HandlerContext,
  mail: Mail,
) {
  if (await isHandled(database.kysely, event, ctx)) return skip('sent before')
  // The last moment to find out that the event is somebody else's by now.
  ctx.throwIfFenced()
  await mailer.send(mail, event.id)
  // Not refused when fenced: the mail is out, and the inbox must know.
  await database.kysely.transaction().execute((tx) => once(tx, event, { group: ctx.group, throwIfFenced: () => {} }))
  return undefined
}
