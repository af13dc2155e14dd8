import { Consumer, Producer } from '@platformatic/kafka'
import { sequenceIn } from '../orders/order.ts'
import type { Contender } from './contender.ts'

export const platformatic: Contender = {
  form: 'text',
  worksAt: ['batches', 'calls', 'drain', 'flow'],
  openPublisher({ brokers, topic }) {
    const producer = new Producer({ clientId: 'bench', bootstrapBrokers: [...brokers] })
    return Promise.resolve({
      publishMany: (orders) =>
        producer.send({
          acks: -1,
          messages: orders.map(({ key, bytes }) => ({ topic, key: Buffer.from(key), value: bytes })),
        }),
      publish: ({ key, bytes }) =>
        producer.send({ acks: -1, messages: [{ topic, key: Buffer.from(key), value: bytes }] }),
      close: () => producer.close(),
    })
  },
  async consume({ brokers, topic, group }, handle) {
    const consumer = new Consumer({ clientId: 'bench', groupId: group, bootstrapBrokers: [...brokers] })
    const stream = await consumer.consume({
      topics: [topic],
      mode: 'committed',
      fallbackMode: 'earliest',
      autocommit: true,
    })
    stream.on('data', ({ value }) => void handle(sequenceIn(value), value))
    return { close: () => consumer.close(true) }
  },
}
