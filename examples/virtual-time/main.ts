import {
  applyTopics,
  createEventBus,
  defineEvent,
  defineSubscription,
  exponential,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { createVirtualClock, deliverySpy, inMemoryDriver } from '@tributary/testing'

const fields = [{ name: 'orderId', type: 'string' }] as const
const schema = { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields } as const
const orderPlaced = defineEvent({ type: 'order.placed', topic: 'orders', key: (order) => order.orderId, schema })

const clock = createVirtualClock()
const minutes = (): string => `minute ${Math.floor(clock.monotonic() / 60_000)}`
const ship = handle(orderPlaced, ({ data }, { attempt }) => {
  if (data.orderId === 'unknown' || clock.monotonic() < 20 * 60_000) throw new Error('the warehouse does not answer')
  console.log(`${minutes()}: order ${data.orderId} handled in attempt ${attempt}`)
})
const backoff = exponential({ initialMs: 1_000, maxMs: 300_000, jitter: 0 })
const onFailure = { inPlace: { attempts: 20, backoff }, maxAgeMs: 3_600_000, outage: false as const }
const shipping = defineSubscription({ group: 'shipping', on: [ship], onFailure })

const driver = inMemoryDriver({ clock })
await using bus = createEventBus({ source: 'shop', driver, clock })
await using spy = deliverySpy({ clock })
await applyTopics(bus.admin, planTopics({ subscriptions: [shipping] }))
await bus.subscribe(spy.wrap(shipping)).ready
await spy.watchDeadLetters(driver, shipping)

for (const orderId of ['7', 'unknown']) await bus.publish(orderPlaced, { orderId })
await clock.advance(10 * 60_000)
const committed = driver.cluster.committed('shipping').reduce((sum, { nextOffset }) => sum + nextOffset, 0n)
console.log(`${minutes()}: ${spy.seen.length} attempts failed, ${committed} records committed`)

await clock.advance(60 * 60_000)
const letter = await spy.waitFor({ key: 'unknown' }, 'dead-lettered')
console.log(
  `${minutes()}: order ${letter.key} is in ${letter.topic} after ${letter.attempts} attempts, ${letter.reason}`,
)
