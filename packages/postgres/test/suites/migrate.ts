import { sql } from 'kysely'
import { describe, expect, it } from 'vitest'
import { migrate } from '../../src/migrate.ts'
import type { OpenTestDatabase } from './open-test-database.ts'

export function describeMigrate(open: OpenTestDatabase): void {
  describe('migrate', () => {
    it('applies each migration once, however many processes start together', async () => {
      const database = await open()
      const own = [
        { name: 'shop-001', sql: 'create table shop_counter (n integer); insert into shop_counter values (1);' },
      ]
      await Promise.all([migrate(database, own), migrate(database, own), migrate(database, own)])
      await migrate(database, own)
      const { rows } = await sql`select n from shop_counter`.execute(database.kysely)
      expect(rows).toEqual([{ n: 1 }])
    })

    it('leaves nothing behind when a later migration fails', async () => {
      const database = await open()
      const own = [
        { name: 'shop-002', sql: 'create table shop_half (n integer)' },
        { name: 'shop-003', sql: 'create table shop_half (n integer)' },
      ]
      await expect(migrate(database, own)).rejects.toMatchObject({ code: '42P07' })
      const { rows } = await sql<{ found: string | null }>`select to_regclass('shop_half')::text as found`.execute(
        database.kysely,
      )
      expect(rows).toEqual([{ found: null }])
    })
  })
}
