import { type EncodedEvent, RecordTooLargeError } from '@tributary/event-bus'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database.ts'
import { addToOutbox, outboxState } from '../../src/outbox/outbox.ts'
import { type Relay, type RelayOptions, startRelay } from '../../src/outbox/relay.ts'
import { takeTurn } from '../../src/outbox/turn.ts'
import { sweep } from '../../src/retention.ts'
import type { AnyDatabase } from '../../src/transaction.ts'
import { encodedEvent } from '../support/events.ts'
import { poll } from '../support/poll.ts'
import { firstAppearances, ScriptedPublisher } from '../support/scripted-publisher.ts'
import type { OpenTestDatabase } from './open-test-database.ts'

export function describeRelay(open: OpenTestDatabase): void {
  describe('relay', () => {
    let database: Database
    let relays: Relay[]
    const start = (options: Omit<RelayOptions, 'database'>) => {
      const relay = startRelay({ database, pollMs: 20, ...options })
      relays.push(relay)
      return relay
    }
    const add = (...events: ReturnType<typeof encodedEvent>[]) =>
      database.kysely.transaction().execute((tx) => addToOutbox(tx, events))
    const drained = () => poll(async () => ((await outboxState(database.kysely)).unpublished === 0 ? true : undefined))

    beforeEach(async () => {
      relays = []
      database = await open()
    })
    afterEach(() => Promise.all(relays.map((relay) => relay.close())))

    it('publishes what a committed transaction wrote, byte for byte, and nothing of one that rolled back', async () => {
      const publisher = new ScriptedPublisher()
      const written = [encodedEvent('a', 0), encodedEvent(null, 0)]
      const undone = database.kysely.transaction().execute(async (tx) => {
        await addToOutbox(tx, [encodedEvent('undone', 0)])
        throw new Error('changed my mind')
      })
      await expect(undone).rejects.toThrow('changed my mind')
      await add(...written)
      start({ publisher })
      await drained()
      expect(publisher.log.toSorted((a, b) => String(b.key).localeCompare(String(a.key)))).toEqual(written.toReversed())
    })

    it('wakes by notification, long before it would look by itself', async () => {
      const publisher = new ScriptedPublisher()
      start({ publisher, pollMs: 3_600_000 })
      await add(encodedEvent('a', 0))
      await publisher.waitFor((log) => log.length === 1)
      await add(encodedEvent('a', 1))
      await publisher.waitFor((log) => log.length === 2)
    })

    it('keeps the order of every key with several relays at work', async () => {
      const publishers = [1, 2, 3].map(
        () => new ScriptedPublisher(() => new Promise((resolve) => setTimeout(resolve, Math.random() * 3))),
      )
      const log: ReturnType<typeof encodedEvent>[] = []
      for (const publisher of publishers) {
        start({
          maxInFlight: 7,
          rowsPerLane: 3,
          publisher: {
            publishEncoded: async (events: readonly EncodedEvent[]) => {
              const results = await publisher.publishEncoded(events)
              log.push(...events)
              return results
            },
          },
        })
      }
      const expected = new Map(
        ['a', 'b', 'c', 'd', 'e'].map((key) => [key, Array.from({ length: 30 }, (_, place) => `${key}:${place}`)]),
      )
      for (let place = 0; place < 30; place += 1)
        await add(...[...expected.keys()].map((key) => encodedEvent(key, place)))
      await drained()
      expect(firstAppearances(log)).toEqual(expected)
      expect(log).toHaveLength(150)
    })

    it('holds back only the key that fails, and goes on with it when the fault is mended', async () => {
      let isMended = false
      const publisher = new ScriptedPublisher(async (event) => {
        if (String(event.value) === 'bad:1' && !isMended)
          throw new RecordTooLargeError('too large', { outcome: 'not-written' })
      })
      start({ publisher })
      await add(encodedEvent('bad', 0), encodedEvent('bad', 1), encodedEvent('bad', 2), encodedEvent('good', 0))
      await poll(async () => ((await outboxState(database.kysely)).failingLanes === 1 ? true : undefined))
      await add(encodedEvent('good', 1), encodedEvent('bad', 3))
      await publisher.waitFor((log) => log.some((event) => String(event.value) === 'good:1'))
      expect(firstAppearances(publisher.log).get('bad')).toEqual(['bad:0'])
      const { rows } = await sql`select last_error from tributary_outbox_hold where attempts > 0`.execute(
        database.kysely,
      )
      expect(rows).toEqual([{ last_error: 'RECORD_TOO_LARGE: too large' }])
      isMended = true
      await drained()
      expect(firstAppearances(publisher.log)).toEqual(
        new Map([
          ['bad', ['bad:0', 'bad:1', 'bad:2', 'bad:3']],
          ['good', ['good:0', 'good:1']],
        ]),
      )
    })

    it('does not wait for a slow key before it goes on with others', async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const publisher = new ScriptedPublisher((event) => (String(event.key) === 'slow' ? released : undefined))
      start({ publisher, maxInFlight: 30, rowsPerLane: 5 })
      await add(...Array.from({ length: 50 }, (_, place) => encodedEvent('slow', place)))
      await add(encodedEvent('quick', 0))
      await publisher.waitFor((log) => log.some((event) => String(event.key) === 'quick'))
      release()
      await drained()
      expect(firstAppearances(publisher.log).get('slow')).toEqual(
        Array.from({ length: 50 }, (_, place) => `slow:${place}`),
      )
    })

    it('publishes the same event ids again when it died between publishing and marking', async () => {
      const before = new ScriptedPublisher()
      // A dead process: its publishes reach the log, and nothing it does afterwards reaches the database.
      const dead = await database.kysely.transaction().execute(async (tx) => {
        await addToOutbox(tx, [encodedEvent('a', 0), encodedEvent('a', 1)])
        const holder = '00000000-0000-4000-8000-000000000001'
        return takeTurn(tx, {
          schema: database.schema,
          holder,
          outcomes: [],
          renewedLanes: [],
          room: 10,
          rowsPerLane: 10,
          leaseMs: 50,
        })
      })
      await before.publishEncoded(dead.claimed.flatMap((lane) => lane.rows.map((row) => row.event)))
      const after = new ScriptedPublisher()
      start({ publisher: after })
      await drained()
      expect(after.log.map((event) => event.id)).toEqual(before.log.map((event) => event.id))
    })

    it('publishes what it claimed in a transaction whose answer was lost', async () => {
      let lost = 0
      const forgetful: AnyDatabase = {
        schema: database.schema,
        listen: database.listen,
        kysely: {
          getExecutor: () => database.kysely.getExecutor(),
          transaction: () => ({
            async execute(work) {
              const result = await database.kysely.transaction().execute(work)
              lost += 1
              if (lost === 1) throw new Error('the connection broke after the commit')
              return result
            },
          }),
        },
      }
      await add(encodedEvent('a', 0))
      const publisher = new ScriptedPublisher()
      relays.push(startRelay({ database: forgetful, pollMs: 20, leaseMs: 100, publisher }))
      await drained()
      expect(publisher.log).toHaveLength(1)
    })

    it('renews its claim before the lease is over, for as long as a publish takes', async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      start({ publisher: new ScriptedPublisher(() => released), leaseMs: 4500 })
      await add(encodedEvent('a', 0))
      const lease = async () => {
        const { rows } = await sql<{ until: Date; now: Date }>`
          select until, clock_timestamp() as now from tributary_outbox_hold`.execute(database.kysely)
        return rows[0]
      }
      const first = await poll(lease)
      const renewed = await poll(async () => {
        const current = await lease()
        return current !== undefined && current.until > first.until ? current : undefined
      })
      expect(renewed.now.getTime()).toBeLessThan(first.until.getTime())
      release()
      await drained()
    })

    it('gives back what it has claimed and not published when it is closed', async () => {
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const first = new ScriptedPublisher(() => released)
      const relay = start({ publisher: first })
      await add(encodedEvent('a', 0), encodedEvent('a', 1))
      await poll(async () => (relay.health().inFlight > 0 ? true : undefined))
      const closed = relay.close()
      release()
      await closed
      expect(first.log.map((event) => String(event.value))).toEqual(['a:0'])
      const second = new ScriptedPublisher()
      start({ publisher: second, leaseMs: 3_600_000 })
      await drained()
      expect(second.log.map((event) => String(event.value))).toEqual(['a:1'])
    })

    it('publishes the rest within seconds after Kafka was away', async () => {
      let isAway = true
      const publisher = new ScriptedPublisher(async () => {
        if (isAway) throw new Error('no broker answers')
      })
      const relay = start({ publisher })
      await add(...Array.from({ length: 20 }, (_, n) => encodedEvent(`key-${n}`, 0)))
      await poll(async () => (relay.health().lastError === null ? undefined : true))
      isAway = false
      await drained()
      expect(publisher.log).toHaveLength(20)
      expect(relay.health().lastError).toBeNull()
    })

    it('deletes published rows after their retention and never an unpublished one', async () => {
      const publisher = new ScriptedPublisher()
      const relay = start({ publisher })
      await add(encodedEvent('a', 0))
      await drained()
      await relay.close()
      await add(encodedEvent('a', 1))
      await sql`update tributary_outbox set created_at = created_at - interval '1 year'`.execute(database.kysely)
      await sweep(database.kysely, { outboxMs: 0, inboxMs: 0 })
      const { rows } = await sql`select convert_from(value, 'utf8') as value from tributary_outbox`.execute(
        database.kysely,
      )
      expect(rows).toEqual([{ value: 'a:1' }])
    })
  })
}
