import { randomUUID } from 'node:crypto'
import { AttemptFencedError } from '@tributary/event-bus'
import { sql } from 'kysely'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../../src/database.ts'
import { handleOnce, isHandled, type once } from '../../src/inbox/inbox.ts'
import { sweep } from '../../src/retention.ts'
import type { OpenTestDatabase } from './open-test-database.ts'

const context = (group = 'inventory') => ({ group, throwIfFenced: () => {} })
const event = () => ({ id: randomUUID(), source: 'order-service' })

export function describeInbox(open: OpenTestDatabase): void {
  describe('inbox', () => {
    let database: Database
    const effects = async () =>
      (await sql<{ name: string }>`select name from effect order by name`.execute(database.kysely)).rows.map(
        (r) => r.name,
      )
    const effect = (name: string) => async (tx: Parameters<typeof once>[0]) => {
      await sql`insert into effect values (${name})`.execute(tx)
    }

    beforeEach(async () => {
      database = await open()
      await sql`drop table if exists effect`.execute(database.kysely)
      await sql`create table effect (name text)`.execute(database.kysely)
    })

    it('lets the first delivery through and refuses every later one', async () => {
      const delivered = event()
      expect(await handleOnce(database, delivered, context(), effect('first'))).toBe(true)
      expect(await handleOnce(database, delivered, context(), effect('second'))).toBe(false)
      expect(await effects()).toEqual(['first'])
    })

    it('says whether an event was handled, by this group', async () => {
      const delivered = event()
      expect(await isHandled(database.kysely, delivered, context())).toBe(false)
      await handleOnce(database, delivered, context(), effect('first'))
      expect(await isHandled(database.kysely, delivered, context())).toBe(true)
      expect(await isHandled(database.kysely, delivered, context('email'))).toBe(false)
    })

    it('has one effect when deliveries of one event overlap', async () => {
      const delivered = event()
      const results = await Promise.all(
        [1, 2, 3, 4].map((n) => handleOnce(database, delivered, context(), effect(String(n)))),
      )
      expect(results.filter((wasFirst) => wasFirst)).toHaveLength(1)
      expect(await effects()).toHaveLength(1)
    })

    it('gives every group, and every source, its own effect', async () => {
      const delivered = event()
      await handleOnce(database, delivered, context('inventory'), effect('inventory'))
      await handleOnce(database, delivered, context('email'), effect('email'))
      await handleOnce(database, { ...delivered, source: 'another-service' }, context('email'), effect('other source'))
      expect(await effects()).toEqual(['email', 'inventory', 'other source'])
    })

    it('forgets a delivery whose effect failed', async () => {
      const delivered = event()
      const failing = handleOnce(database, delivered, context(), async (tx) => {
        await effect('half')(tx)
        throw new Error('out of paper')
      })
      await expect(failing).rejects.toThrow('out of paper')
      expect(await handleOnce(database, delivered, context(), effect('whole'))).toBe(true)
      expect(await effects()).toEqual(['whole'])
    })

    it('writes nothing for an attempt that is fenced before it begins', async () => {
      const delivered = event()
      const fenced = {
        group: 'inventory',
        throwIfFenced: () => {
          throw new AttemptFencedError('lost its partition')
        },
      }
      await expect(handleOnce(database, delivered, fenced, effect('late'))).rejects.toMatchObject({
        code: 'ATTEMPT_FENCED',
      })
      expect(await effects()).toEqual([])
    })

    it('rolls back an attempt that is fenced while it works', async () => {
      const delivered = event()
      let isFenced = false
      const ctx = {
        group: 'inventory',
        throwIfFenced: () => {
          if (isFenced) throw new AttemptFencedError('passed its deadline')
        },
      }
      const attempt = handleOnce(database, delivered, ctx, async (tx) => {
        await effect('late')(tx)
        isFenced = true
      })
      await expect(attempt).rejects.toMatchObject({ code: 'ATTEMPT_FENCED' })
      expect(await handleOnce(database, delivered, context(), effect('next attempt'))).toBe(true)
      expect(await effects()).toEqual(['next attempt'])
    })

    it('forgets what is older than its retention, and nothing else', async () => {
      const [old, recent] = [event(), event()]
      await handleOnce(database, old, context(), async () => {})
      await sql`update tributary_inbox set processed_at = processed_at - interval '2 hours'`.execute(database.kysely)
      await handleOnce(database, recent, context(), async () => {})
      await sweep(database.kysely, { outboxMs: 0, inboxMs: 3_600_000 })
      expect(await handleOnce(database, old, context(), async () => {})).toBe(true)
      expect(await handleOnce(database, recent, context(), async () => {})).toBe(false)
    })
  })
}
