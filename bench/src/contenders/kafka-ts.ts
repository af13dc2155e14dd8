import { createKafkaClient, type Message, setLogger } from 'kafka-ts'
import type { PreparedOrder } from '../orders/order.ts'
import type { Contender, Target } from './contender.ts'

/** It writes a line of JSON for every group and fetch event otherwise. */
function beQuiet(): void {
  const ignore = (): void => {}
  setLogger({ debug: ignore, info: ignore, warn: ignore, error: ignore })
}

export const kafkaTs: Contender = {
  form: 'text',
  worksAt: ['batches', 'calls', 'drain', 'flow'],
  prepareProcess: beQuiet,
  openPublisher(target) {
    const producer = clientOf(target).createProducer({})
    const messageOf = ({ key, text }: PreparedOrder): Message => ({ topic: target.topic, key, value: text })
    return Promise.resolve({
      publishMany: (orders) => producer.send(orders.map(messageOf)),
      publish: (order) => producer.send([messageOf(order)]),
      close: () => producer.close(),
    })
  },
  async consume(source, handle) {
    const consumer = await clientOf(source).startConsumer({
      groupId: source.group,
      topics: [source.topic],
      fromBeginning: true,
      onBatch: async (messages) => {
        for (const { value } of messages) {
          const pending = handle(Number(value?.slice(0, 8)), value)
          if (pending !== undefined) await pending
        }
      },
    })
    return { close: () => consumer.close() }
  },
}

function clientOf({ brokers }: Pick<Target, 'brokers'>) {
  const bootstrapServers = brokers.map((broker) => {
    const [host = '', port] = broker.split(':')
    return { host, port: Number(port) }
  })
  return createKafkaClient({ clientId: 'bench', bootstrapServers })
}
