import { setTimeout as sleep } from 'node:timers/promises'
import type { EncodedEvent } from '@tributary/event-bus'
import fc from 'fast-check'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Database, openDatabase } from '../src/database.ts'
import { migrate } from '../src/migrate.ts'
import { addToOutbox, outboxState } from '../src/outbox/outbox.ts'
import { startRelay } from '../src/outbox/relay.ts'
import { encodedEvent } from './support/events.ts'
import { poll } from './support/poll.ts'
import { firstAppearances, ScriptedPublisher } from './support/scripted-publisher.ts'

/** How one event fares each time it is published, until there is nothing left to say: then it is written. */
type Fate = 'refused' | 'written and lost' | 'slow'

const fates = fc.array(fc.constantFrom<Fate>('refused', 'written and lost', 'slow'), { maxLength: 2 })

const plans = fc.record({
  /** Fates of the events of each key. */
  keys: fc.array(fc.array(fates, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  relays: fc.integer({ min: 1, max: 3 }),
  // So short that leases run out in the middle of publishes, and relays publish the same rows at the same time.
  leaseMs: fc.constantFrom(1, 10, 5000),
  rowsPerLane: fc.integer({ min: 1, max: 3 }),
})

describe('relays', () => {
  let database: Database
  beforeAll(async () => {
    database = await openDatabase()
    await migrate(database)
  })
  afterAll(() => database.close())

  it('bring every event onto the log, and first appearances in the order of their key, whatever fails and however short leases are', async () => {
    await fc.assert(
      fc.asyncProperty(plans, async ({ keys, relays, leaseMs, rowsPerLane }) => {
        await sql`truncate tributary_outbox, tributary_outbox_hold`.execute(database.kysely)
        const left = new Map<string, Fate[]>()
        const events: EncodedEvent[] = []
        for (const [number, fatesOfKey] of keys.entries()) {
          for (const [place, fatesOfEvent] of fatesOfKey.entries()) {
            const event = encodedEvent(`key-${number}`, place)
            events.push(event)
            left.set(event.id, [...fatesOfEvent])
          }
        }
        const publisher: ScriptedPublisher = new ScriptedPublisher(async (event) => {
          const fate = left.get(event.id)?.shift()
          if (fate === 'slow') await sleep(20)
          if (fate === 'written and lost') publisher.log.push(event)
          if (fate === 'refused' || fate === 'written and lost') throw new Error(fate)
        })
        await database.kysely.transaction().execute((tx) => addToOutbox(tx, events))
        const running = Array.from({ length: relays }, () =>
          startRelay({ database, publisher, pollMs: 5, leaseMs, rowsPerLane }),
        )
        await poll(async () => ((await outboxState(database.kysely)).unpublished === 0 ? true : undefined))
        await Promise.all(running.map((relay) => relay.close()))
        expect(firstAppearances(publisher.log)).toEqual(firstAppearances(events))
      }),
      { numRuns: 12, interruptAfterTimeLimit: 15_000 },
    )
  })
})
