import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../src/database.ts'
import { migrate } from '../src/migrate.ts'
import { addToOutbox } from '../src/outbox/outbox.ts'
import { startRelay } from '../src/outbox/relay.ts'
import { describeInbox } from './suites/inbox.ts'
import { describeMigrate } from './suites/migrate.ts'
import { describeRelay } from './suites/relay.ts'
import { encodedEvent } from './support/events.ts'
import { poll } from './support/poll.ts'
import { firstAppearances, ScriptedPublisher } from './support/scripted-publisher.ts'

/** Makes a database that only this test file uses, so that its connections can be cut. */
async function createDatabase(): Promise<string> {
  const server = process.env['TRIBUTARY_REAL_POSTGRES']
  if (server === undefined) throw new Error('TRIBUTARY_REAL_POSTGRES is not set: run this through `pnpm test:real`')
  const name = `test_${randomBytes(6).toString('hex')}`
  const maintenance = await openDatabase({ url: server })
  await sql`create database ${sql.id(name)}`.execute(maintenance.kysely)
  await maintenance.close()
  return Object.assign(new URL(server), { pathname: name }).href
}

describe('on a PostgreSQL server', () => {
  let database: Database
  const open = async (): Promise<Database> => {
    await migrate(database)
    await sql`truncate tributary_outbox, tributary_outbox_hold, tributary_inbox`.execute(database.kysely)
    return database
  }

  beforeAll(async () => {
    database = await openDatabase({ url: await createDatabase(), schema: 'shop' })
  })
  afterAll(() => database.close())

  describeMigrate(open)
  describeInbox(open)
  describeRelay(open)

  // What one connection cannot show: transactions that are open at the same time.
  describe('transactions side by side', () => {
    it('sees a row that took its number early and commits after later ones were published', async () => {
      await open()
      const publisher = new ScriptedPublisher()
      const relay = startRelay({ database, publisher, pollMs: 20 })
      const late = await database.kysely.startTransaction().execute()
      await addToOutbox(late, [encodedEvent('late', 0)])
      await database.kysely.transaction().execute((tx) => addToOutbox(tx, [encodedEvent('early', 0)]))
      await publisher.waitFor((log) => log.length === 1)
      await late.commit().execute()
      await publisher.waitFor((log) => log.length === 2)
      await relay.close()
      expect(publisher.log.map((event) => String(event.key))).toEqual(['early', 'late'])
    })

    it('lets a second transaction of the same key wait for the first, so that their events keep their order', async () => {
      await open()
      const publisher = new ScriptedPublisher()
      const relay = startRelay({ database, publisher, pollMs: 20 })
      const first = await database.kysely.startTransaction().execute()
      await addToOutbox(first, [encodedEvent('a', 0)])
      const second = database.kysely.transaction().execute((tx) => addToOutbox(tx, [encodedEvent('a', 1)]))
      await poll(async () => {
        const waiting = await sql`select 1 from pg_locks where locktype = 'advisory' and not granted`.execute(
          database.kysely,
        )
        return waiting.rows.length > 0 ? true : undefined
      })
      await first.commit().execute()
      await second
      await publisher.waitFor((log) => log.length === 2)
      await relay.close()
      expect(firstAppearances(publisher.log).get('a')).toEqual(['a:0', 'a:1'])
    })

    it('goes on after the server has cut every connection', async () => {
      await open()
      const publisher = new ScriptedPublisher()
      const relay = startRelay({ database, publisher, pollMs: 20 })
      await database.kysely.transaction().execute((tx) => addToOutbox(tx, [encodedEvent('a', 0)]))
      await publisher.waitFor((log) => log.length === 1)
      await sql`select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() and datname = current_database()`.execute(
        database.kysely,
      )
      await poll(() =>
        database.kysely
          .transaction()
          .execute((tx) => addToOutbox(tx, [encodedEvent('a', 1)]))
          .then(
            () => true,
            () => undefined,
          ),
      )
      await publisher.waitFor((log) => firstAppearances(log).get('a')?.length === 2)
      await relay.close()
    })
  })
})
