import { createEventBus, type EventBus } from '@tributary/event-bus'
import { migrate, type OpenDatabaseOptions, openDatabase } from '@tributary/postgres'
import { createHttpServer } from '@tributary/service-kit'
import { inMemoryDriver } from '@tributary/testing'
import type { FastifyInstance } from 'fastify'
import { sql } from 'kysely'
import { pino } from 'pino'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listenForOrderChanges, type OrderChanges } from '../../src/adapters/order-changes.ts'
import { decideOrder, type OrderDatabase } from '../../src/adapters/order-store.ts'
import { migrations, type OrderTables } from '../../src/adapters/tables.ts'
import { addOrderRoutes } from '../../src/http/order-routes.ts'

const order = {
  orderId: '10248',
  customerId: 'VINET',
  email: 'vinet@northwind.example',
  lines: [
    { sku: '11', description: 'Queso Cabrales', quantity: 12, unitPrice: '14.00' },
    { sku: '42', description: null, quantity: 10, unitPrice: '9.80' },
  ],
}

/** What a client of the order service can rely on, on the database that `options` open. */
export function describeOrdersOverHttp(options: () => OpenDatabaseOptions): void {
  describe('the order service over HTTP', () => {
    let database: OrderDatabase
    let bus: EventBus
    let changes: OrderChanges
    let app: FastifyInstance
    const post = (payload: object) => app.inject({ method: 'POST', url: '/orders', payload })
    const outbox = async () =>
      (
        await sql<{
          type: string
          key: string
        }>`select type, convert_from(key, 'utf8') as key from tributary_outbox`.execute(database.kysely)
      ).rows

    beforeAll(async () => {
      database = await openDatabase<OrderTables>(options())
      await migrate(database, migrations)
      bus = createEventBus({ source: 'order-service', driver: inMemoryDriver() })
      changes = await listenForOrderChanges(database)
      app = createHttpServer({
        logger: pino({ level: 'silent' }),
        health: () => ({ live: true, ready: true, details: {} }),
      })
      addOrderRoutes(app, { database, encoder: bus, changes })
    })
    afterAll(async () => {
      await app.close()
      changes.close()
      await bus.close()
      await database.close()
    })
    beforeEach(async () => {
      await sql`truncate shop_order, tributary_outbox`.execute(database.kysely)
    })

    it('accepts an order, says where its state is, and has its event in the outbox', async () => {
      const response = await post(order)
      expect(response.statusCode).toBe(202)
      expect(response.headers.location).toBe('/orders/10248')
      expect((await app.inject('/orders/10248')).json()).toMatchObject({
        orderId: '10248',
        status: 'placed',
        total: '266.0000',
        decidedAt: null,
      })
      expect(await outbox()).toEqual([{ type: 'order.placed', key: '10248' }])
    })

    it('gives the same answer to the same order, however often and however parallel it is sent, and places it once', async () => {
      const answers = await Promise.all([post(order), post(order), post(order)])
      const again = await post({
        lines: order.lines,
        email: order.email,
        customerId: order.customerId,
        orderId: order.orderId,
      })
      for (const answer of [...answers, again]) {
        expect([answer.statusCode, answer.headers.location, answer.body]).toEqual([202, '/orders/10248', again.body])
      }
      expect(await outbox()).toHaveLength(1)
    })

    it('refuses another order under an id that is taken', async () => {
      await post(order)
      const response = await post({ ...order, customerId: 'ANATR' })
      expect(response.statusCode).toBe(409)
      expect(response.json()).toMatchObject({ type: 'urn:tributary:problem:order-id-taken', status: 409 })
      expect(await outbox()).toHaveLength(1)
    })

    it('refuses what is not an order with a problem document, and stores nothing', async () => {
      const response = await post({
        ...order,
        orderId: 'C536379',
        lines: [{ sku: 'D', description: 'Discount', quantity: -1, unitPrice: '27.50' }],
      })
      expect(response.statusCode).toBe(422)
      expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(response.json()).toMatchObject({
        type: 'urn:tributary:problem:takes-back',
        title: 'This takes goods back; it is not an order',
        errors: [{ pointer: '/lines' }, { pointer: '/lines/0/quantity' }],
      })
      expect(await outbox()).toEqual([])
    })

    it.each([
      ['no lines', { ...order, lines: [] }, '/lines'],
      ['a number for a price', { ...order, lines: [{ sku: '11', quantity: 1, unitPrice: 14 }] }, '/lines/0/unitPrice'],
      ['an id that would need escaping', { ...order, orderId: '../../etc' }, '/orderId'],
      [
        'a line break in a name',
        { ...order, lines: [{ ...order.lines[0], description: 'a\r\nBcc: x@y.example' }] },
        '/lines/0/description',
      ],
      ['a NUL, which PostgreSQL has no place for', { ...order, customerId: 'a\u0000b' }, '/customerId'],
    ])('refuses %s and points at it', async (_what, body, pointer) => {
      const response = await post(body)
      expect(response.statusCode).toBe(400)
      expect(response.json()).toMatchObject({ type: 'urn:tributary:problem:malformed-order', errors: [{ pointer }] })
    })

    it('takes an order of a thousand lines', async () => {
      const lines = Array.from({ length: 1114 }, (_, n) => ({
        sku: `sku-${n}`,
        description: `PRODUCT £${n} `.repeat(5),
        quantity: 1,
        unitPrice: '0.85',
      }))
      expect((await post({ ...order, lines })).statusCode).toBe(202)
    })

    it('answers 404 for an order that does not exist, also as a stream', async () => {
      for (const url of ['/orders/nobody', '/orders/nobody/events']) {
        const response = await app.inject(url)
        expect(response.statusCode).toBe(404)
        expect(response.json()).toMatchObject({ type: 'urn:tributary:problem:order-unknown' })
      }
    })

    it('streams the state of an order until it is final', async () => {
      await post(order)
      const url = await app.listen({ port: 0, host: '127.0.0.1' })
      const response = await fetch(`${url}/orders/10248/events`)
      expect(response.headers.get('content-type')).toBe('text/event-stream')
      let told = ''
      for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        told += chunk
        if (told === chunk) {
          const decision = { status: 'rejected', reason: 'not in stock: 11' } as const
          await database.kysely.transaction().execute((tx) => decideOrder(tx, '10248', decision))
        }
      }
      const [placed, rejected, ...rest] = told.trim().split('\n\n')
      expect(placed).toMatch(/^event: placed\ndata: \{.*"status":"placed"/)
      expect(rejected).toMatch(/^event: rejected\ndata: \{.*"reason":"not in stock: 11"/)
      expect(rest).toEqual([])
    })
  })
}
