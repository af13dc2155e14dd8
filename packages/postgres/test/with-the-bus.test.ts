import { setTimeout as sleep } from 'node:timers/promises'
import {
  createEventBus,
  defineEvent,
  defineSubscription,
  type EventBus,
  handle,
  headerText,
} from '@tributary/event-bus'
import { createVirtualClock, deliverySpy, type InMemoryDriver, inMemoryDriver } from '@tributary/testing'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../src/database.ts'
import { handleOnce } from '../src/inbox/inbox.ts'
import { migrate } from '../src/migrate.ts'
import { addToOutbox, outboxState } from '../src/outbox/outbox.ts'
import { type Relay, startRelay } from '../src/outbox/relay.ts'
import { poll } from './support/poll.ts'

const noted = defineEvent({
  type: 'thing.noted',
  topic: 'things',
  key: (thing) => thing.name,
  schema: { type: 'record', name: 'ThingNoted', fields: [{ name: 'name', type: 'string' }] },
})

const TOPICS = ['things', 'things.slow.dlq', 'things.slow.redrive', 'things.reader.dlq', 'things.reader.redrive']

describe('outbox and inbox with a bus', () => {
  const spy = deliverySpy()
  let database: Database
  let driver: InMemoryDriver
  let bus: EventBus
  let relay: Relay

  beforeAll(async () => {
    database = await openDatabase()
    await migrate(database, [{ name: 'test-001', sql: 'create table effect (name text, attempt integer)' }])
    driver = inMemoryDriver({ topics: Object.fromEntries(TOPICS.map((topic) => [topic, 1])) })
    bus = createEventBus({ source: 'test', driver })
    relay = startRelay({ database, publisher: bus })
  })
  afterAll(async () => {
    await relay.close()
    await bus.close()
    await database.close()
  })

  it('publishes an event in the trace in which it was encoded', async () => {
    const reader = defineSubscription({ group: 'reader', on: [handle(noted, () => {})] })
    await bus.subscribe(spy.wrap(reader)).ready
    const event = bus.encode(noted, { name: 'traced' })
    const traceparent = headerText(event.headers, 'traceparent')
    await database.kysely.transaction().execute((tx) => addToOutbox(tx, [event]))
    const { event: received } = await spy.waitFor({ key: 'traced', group: 'reader' }, 'handled')
    expect(received?.id).toBe(event.id)
    expect(traceparent).toContain(received?.traceId)
  })

  it('closes after five seconds while Kafka answers nothing, and keeps what it could not publish', async () => {
    await relay.close()
    const hold = driver.cluster.faults.holdAppends({ topic: 'things' })
    await database.kysely.transaction().execute((tx) => addToOutbox(tx, [bus.encode(noted, { name: 'kept' })]))
    const clock = createVirtualClock()
    const stuck = startRelay({ database, publisher: bus, clock, publishTimeoutMs: 3_600_000 })
    await poll(async () => (hold.waiting === 1 ? true : undefined))
    const closed = stuck.close()
    await poll(async () => {
      await clock.advance(1000)
      return stuck.health().inFlight === 0 ? true : undefined
    })
    await closed
    expect((await outboxState(database.kysely)).unpublished).toBe(1)
    hold.release()
    relay = startRelay({ database, publisher: bus })
    await poll(async () => ((await outboxState(database.kysely)).unpublished === 0 ? true : undefined))
  })

  it('undoes an attempt that outlives its deadline, and lets the next one have the effect', async () => {
    const slow = defineSubscription({
      group: 'slow',
      attempt: { deadlineMs: 200 },
      on: [
        handle(noted, async (event, ctx) => {
          await handleOnce(database, event, ctx, async (tx) => {
            await sql`insert into effect values (${event.data.name}, ${ctx.attempt})`.execute(tx)
            // Deaf to its signal, as real code often is.
            if (ctx.attempt === 1) await sleep(400)
          })
        }),
      ],
    })
    await bus.subscribe(spy.wrap(slow)).ready
    await bus.publish(noted, { name: 'late' })
    await spy.waitFor({ key: 'late', group: 'slow' }, 'handled')
    const { rows } = await sql`select attempt from effect where name = 'late'`.execute(database.kysely)
    expect(rows).toEqual([{ attempt: 2 }])
  })
})
