import { sql } from 'kysely'
import { afterAll, beforeAll, describe } from 'vitest'
import { type Database, openDatabase } from '../src/database.ts'
import { migrate } from '../src/migrate.ts'
import { describeInbox } from './suites/inbox.ts'
import { describeMigrate } from './suites/migrate.ts'
import { describeRelay } from './suites/relay.ts'

// One instance for all tests: starting one takes seconds, emptying its tables takes none.
let shared: Promise<Database> | undefined
const open = async (): Promise<Database> => {
  shared ??= openDatabase()
  const database = await shared
  await migrate(database)
  await sql`truncate tributary_outbox, tributary_outbox_hold, tributary_inbox`.execute(database.kysely)
  return database
}

beforeAll(open)
afterAll(async () => (await shared)?.close())

describe('on PGlite', () => {
  describeMigrate(open)
  describeInbox(open)
  describeRelay(open)
})
