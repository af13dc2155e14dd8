import {
  applyTopics,
  createEventBus,
  defineEvent,
  defineSubscription,
  handle,
  planTopics,
  skip,
} from '@tributary/event-bus'
import { addToOutbox, handleOnce, migrate, openDatabase, startRelay } from '@tributary/postgres'
import { deliverySpy, inMemoryDriver } from '@tributary/testing'
import { sql } from 'kysely'

const fields = [{ name: 'orderId', type: 'string' }] as const
const schema = { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields } as const
const orderPlaced = defineEvent({ type: 'order.placed', topic: 'orders', key: (order) => order.orderId, schema })

const database = await openDatabase() // PostgreSQL in this process; a server with { url: 'postgres://…' }
await migrate(database, [
  { name: 'shop-001', sql: 'create table shop_order (id text primary key)' },
  { name: 'shop-002', sql: 'create table reservation (order_id text)' },
])

// The effect and the memory of having had it are one transaction: however often the event comes, it happens once.
const reserve = handle(orderPlaced, async (event, context) => {
  const isFirst = await handleOnce(database, event, context, async (tx) => {
    await sql`insert into reservation values (${event.data.orderId})`.execute(tx)
  })
  return isFirst ? undefined : skip('handled before')
})
const stock = defineSubscription({ group: 'stock', on: [reserve] })

const bus = createEventBus({ source: 'shop', driver: inMemoryDriver() })
const spy = deliverySpy()
await applyTopics(bus.admin, planTopics({ subscriptions: [stock] }))
await bus.subscribe(spy.wrap(stock)).ready
const relay = startRelay({ database, publisher: bus })

// The order and its event are one transaction: both are there, or neither.
async function placeOrder(orderId: string, isPaid: boolean): Promise<void> {
  await database.kysely.transaction().execute(async (tx) => {
    await sql`insert into shop_order values (${orderId})`.execute(tx)
    await addToOutbox(tx, [bus.encode(orderPlaced, { orderId })])
    if (!isPaid) throw new Error(`order ${orderId} is not paid`)
  })
}
await placeOrder('1', false).catch((error: Error) => console.log(`${error.message}: rolled back`))
await placeOrder('2', true)
const { event } = await spy.waitFor({ key: '2' }, 'handled')
console.log(`order ${event?.key} was placed, published and handled`)

// The relay dies after it has published and before it could note it; another one publishes again, with the same id.
await bus.publish(orderPlaced, { orderId: '2' }, { id: event?.id ?? '' })
const { reason } = await spy.waitFor({ key: '2' }, 'skipped')
console.log(`it came a second time: skipped, ${reason}`)

const { rows } =
  await sql`select (select count(*)::int from shop_order) as orders, (select count(*)::int from reservation) as reservations`.execute(
    database.kysely,
  )
console.log('in the database:', rows[0])

await relay.close()
await bus.close()
await database.close()
