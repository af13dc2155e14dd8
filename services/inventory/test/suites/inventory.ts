import { inventoryRejected, inventoryReserved, orderPlaced } from '@tributary/contracts'
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  type EventBus,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { migrate, type OpenDatabaseOptions, openDatabase, type Relay, startRelay } from '@tributary/postgres'
import { createHttpServer } from '@tributary/service-kit'
import { deliverySpy, inMemoryDriver } from '@tributary/testing'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { InventoryDatabase } from '../../src/adapters/stock-store.ts'
import { type InventoryTables, migrations } from '../../src/adapters/tables.ts'
import { addStockRoutes } from '../../src/http/stock-routes.ts'
import { inventorySubscription } from '../../src/subscription.ts'

/** Hears what inventory answers. */
const listener = defineSubscription({
  group: 'listener',
  on: [handle(inventoryReserved, () => {}), handle(inventoryRejected, () => {})],
})

const line = (sku: string, quantity: number) => ({ sku, quantity, unitPrice: '1.00' })
const order = (orderId: string, ...lines: ReturnType<typeof line>[]) => ({
  orderId,
  customerId: 'c',
  email: 'c@d.example',
  lines,
  total: '0',
})

/** Everything that inventory promises, on the database that `options` open. */
export function describeInventory(options: () => OpenDatabaseOptions): void {
  describe('the inventory service', () => {
    const spy = deliverySpy()
    let database: InventoryDatabase
    let bus: EventBus
    let relay: Relay
    let app: FastifyInstance
    const stock = async () => (await app.inject('/stock')).json() as unknown
    const setStock = (items: readonly object[]) => app.inject({ method: 'POST', url: '/stock', payload: { items } })

    beforeAll(async () => {
      database = await openDatabase<InventoryTables>(options())
      await migrate(database, migrations)
      bus = createEventBus({ source: 'test', driver: inMemoryDriver() })
      const subscription = inventorySubscription({ database, instanceId: undefined })
      await applyTopics(bus.admin, planTopics({ subscriptions: [subscription, listener], defaults: { partitions: 3 } }))
      relay = startRelay({ database, publisher: bus })
      await Promise.all([bus.subscribe(spy.wrap(subscription)).ready, bus.subscribe(spy.wrap(listener)).ready])
      app = createHttpServer({
        logger: pino({ level: 'silent' }),
        health: () => ({ live: true, ready: true, details: {} }),
      })
      addStockRoutes(app, database)
    })
    afterAll(async () => {
      await app.close()
      await relay.close()
      await bus.close()
      await database.close()
    })

    it('reserves an order once, however often its event comes', async () => {
      await setStock([
        { sku: 'tea', quantity: 10 },
        { sku: 'mug', quantity: 1 },
      ])
      const placed = order('1', line('tea', 2), line('mug', 1), line('tea', 1))
      const { id } = await bus.publish(orderPlaced, placed)
      await bus.publish(orderPlaced, placed, { id })
      await spy.waitFor({ id, group: 'inventory' }, 'skipped')
      const { event } = await spy.waitFor({ type: 'inventory.reserved', key: '1' }, 'handled')
      expect(event?.data).toMatchObject({
        orderId: '1',
        items: [
          { sku: 'mug', quantity: 1 },
          { sku: 'tea', quantity: 3 },
        ],
      })
      expect(await stock()).toEqual({
        items: [
          { sku: 'mug', quantity: 0 },
          { sku: 'tea', quantity: 7 },
        ],
      })
    })

    it('takes nothing for an order that it cannot fill as a whole, and says what is short', async () => {
      await setStock([
        { sku: 'tea', quantity: 5 },
        { sku: 'mug', quantity: 5 },
      ])
      await bus.publish(orderPlaced, order('2', line('tea', 5), line('mug', 6), line('kettle', 1)))
      const { event } = await spy.waitFor({ type: 'inventory.rejected', key: '2' }, 'handled')
      expect(event?.data).toMatchObject({
        shortages: [
          { sku: 'kettle', wanted: 1, available: 0 },
          { sku: 'mug', wanted: 6, available: 5 },
        ],
      })
      expect(await stock()).toEqual({
        items: [
          { sku: 'mug', quantity: 5 },
          { sku: 'tea', quantity: 5 },
        ],
      })
    })

    it('never gives out more than there is when many orders want the same', async () => {
      await setStock([
        { sku: 'tea', quantity: 10 },
        { sku: 'mug', quantity: 10 },
      ])
      const orders = Array.from({ length: 30 }, (_, n) =>
        order(`many-${n}`, ...(n % 2 === 0 ? [line('tea', 1), line('mug', 1)] : [line('mug', 1), line('tea', 1)])),
      )
      await bus.publishMany(orderPlaced, orders)
      const isOfThese = ({ key }: { key: string | null }) => key?.startsWith('many-') ?? false
      await spy.waitForCount(10, { type: 'inventory.reserved', predicate: isOfThese }, 'handled')
      await spy.waitForCount(20, { type: 'inventory.rejected', predicate: isOfThese }, 'handled')
      expect(await stock()).toEqual({
        items: [
          { sku: 'mug', quantity: 0 },
          { sku: 'tea', quantity: 0 },
        ],
      })
    })

    it('refuses a malformed list of stock levels and says where it is wrong', async () => {
      const response = await setStock([{ sku: 'tea', quantity: -1 }])
      expect(response.statusCode).toBe(400)
      expect(response.json()).toMatchObject({
        type: 'urn:tributary:problem:malformed-stock',
        errors: [{ pointer: '/items/0/quantity' }],
      })
      expect(
        (
          await setStock([
            { sku: 'tea', quantity: 1 },
            { sku: 'tea', quantity: 2 },
          ])
        ).statusCode,
      ).toBe(400)
    })
  })
}
