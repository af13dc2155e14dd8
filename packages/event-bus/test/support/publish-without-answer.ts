/** A whole program that publishes to a cluster that never answers, and has nothing else to do. Prints the code of the error. */
import { createEventBus, type Driver, type DriverProducer, defineEvent } from '@tributary/event-bus'

const silence = <T>(): Promise<T> => new Promise(() => {})
const producer: DriverProducer = {
  partitionCount: () => silence(),
  append: () => silence(),
  close: async () => {},
}
const unused = (): never => {
  throw new Error('not used here')
}
const driver: Driver = {
  name: 'silent',
  createProducer: () => producer,
  joinGroup: unused,
  createAdmin: unused,
  close: async () => {},
}
const fields = [{ name: 'id', type: 'string' }] as const
const event = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: ({ id }) => id,
  schema: { type: 'record', name: 'OrderPlaced', fields },
})

const bus = createEventBus({ source: 'shop', driver })
const code = await bus.publish(event, { id: '1' }, { timeoutMs: 300 }).then(
  () => 'published',
  (error: { code: string }) => error.code,
)
console.log(code)
