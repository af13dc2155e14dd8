import { inventoryRejected, inventoryReserved, orderConfirmed, orderRejected } from '@tributary/contracts'
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  type EventBus,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { migrate, type OpenDatabaseOptions, openDatabase, type Relay, startRelay } from '@tributary/postgres'
import { deliverySpy, inMemoryDriver } from '@tributary/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { findOrder, type OrderDatabase } from '../../src/adapters/order-store.ts'
import { placeOrder } from '../../src/adapters/place-order.ts'
import { migrations, type OrderTables } from '../../src/adapters/tables.ts'
import { orderSubscription } from '../../src/subscription.ts'

/** Hears what the order service announces. */
const listener = defineSubscription({
  group: 'listener',
  on: [handle(orderConfirmed, () => {}), handle(orderRejected, () => {})],
})

/** What the order service does with inventory's answers, on the database that `options` open. */
export function describeOrderHandlers(options: () => OpenDatabaseOptions): void {
  describe("the order service's handlers", () => {
    const spy = deliverySpy()
    let database: OrderDatabase
    let bus: EventBus
    let relay: Relay

    beforeAll(async () => {
      database = await openDatabase<OrderTables>(options())
      await migrate(database, migrations)
      bus = createEventBus({ source: 'test', driver: inMemoryDriver() })
      const subscription = orderSubscription({ database, instanceId: undefined })
      await applyTopics(bus.admin, planTopics({ subscriptions: [subscription, listener], defaults: { partitions: 3 } }))
      relay = startRelay({ database, publisher: bus })
      await Promise.all([bus.subscribe(spy.wrap(subscription)).ready, bus.subscribe(spy.wrap(listener)).ready])
    })
    afterAll(async () => {
      await relay.close()
      await bus.close()
      await database.close()
    })

    const place = (orderId: string) =>
      placeOrder(database, bus, { orderId, customerId: 'VINET', email: 'v@n.example', lines: [], total: '440.0000' })

    it('confirms a reserved order once, however often the answer comes', async () => {
      await place('1')
      const reserved = { orderId: '1', items: [{ sku: '11', quantity: 12 }] }
      const { id } = await bus.publish(inventoryReserved, reserved)
      await bus.publish(inventoryReserved, reserved, { id })
      const { reason } = await spy.waitFor({ id, group: 'order' }, 'skipped')
      expect(reason).toBe('handled before')
      const { event } = await spy.waitFor({ type: 'order.confirmed', key: '1' }, 'handled')
      expect(event).toMatchObject({
        causationId: id,
        data: { orderId: '1', customerId: 'VINET', email: 'v@n.example', total: '440.0000' },
      })
      expect(await findOrder(database.kysely, '1')).toMatchObject({ status: 'confirmed', reason: null })
      expect(spy.seen.filter((fact) => fact.type === 'order.confirmed' && fact.key === '1')).toHaveLength(1)
    })

    it('rejects an order that is short of something, and says of what', async () => {
      await place('2')
      await bus.publish(inventoryRejected, { orderId: '2', shortages: [{ sku: '51', wanted: 40, available: 0 }] })
      const { event } = await spy.waitFor({ type: 'order.rejected', key: '2' }, 'handled')
      expect(event?.data).toMatchObject({ reason: 'not in stock: 51 (0 of 40 left)' })
      expect(await findOrder(database.kysely, '2')).toMatchObject({ status: 'rejected' })
    })

    it('gives a second, different answer to the dead letters and keeps the first', async () => {
      await place('3')
      await bus.publish(inventoryReserved, { orderId: '3', items: [] })
      await spy.waitFor({ type: 'order.confirmed', key: '3' }, 'handled')
      const { id } = await bus.publish(inventoryRejected, { orderId: '3', shortages: [] })
      const { reason } = await spy.waitFor({ id, group: 'order' }, 'failed')
      expect(reason).toContain('order 3 is unknown here, or decided already')
      expect(await findOrder(database.kysely, '3')).toMatchObject({ status: 'confirmed' })
    })
  })
}
