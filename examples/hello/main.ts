import { startEmbeddedKafka } from '@tributary/embedded-kafka'
import { applyTopics, createEventBus, defineEvent, defineSubscription, handle, planTopics } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { deliverySpy } from '@tributary/testing'

const fields = [{ name: 'orderId', type: 'string' }] as const
const schema = { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields } as const
const orderPlaced = defineEvent({ type: 'order.placed', topic: 'orders', key: (order) => order.orderId, schema })

const reserveStock = handle(orderPlaced, (order, { attempt }) => {
  console.log(`order ${order.data.orderId}: attempt ${attempt}, trace ${order.traceId}`)
  if (order.data.orderId === '2') throw new Error('out of stock')
  console.log(`order ${order.data.orderId}: handled`)
})
const stock = defineSubscription({
  group: 'stock',
  on: [reserveStock],
  onFailure: { inPlace: { attempts: 3 }, outage: false },
})

await using kafka = await startEmbeddedKafka()
const driver = kafkajs({ brokers: kafka.bootstrapServers }) // in production, only this line differs: your brokers
await using bus = createEventBus({ source: 'shop', driver })
await using spy = deliverySpy() // awaits what becomes of an event, for tests and examples
await applyTopics(bus.admin, planTopics({ events: [orderPlaced], subscriptions: [stock] }))

await bus.subscribe(stock).ready
await spy.watchDeadLetters(driver, stock)
for (const orderId of ['1', '2']) await bus.publish(orderPlaced, { orderId })

const { key, topic, reason } = await spy.waitFor({ key: '2' }, 'dead-lettered')
console.log(`order ${key}: dead-lettered to ${topic} because ${reason}`)
