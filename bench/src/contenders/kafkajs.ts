/** Raw kafkajs: what all others are compared with. */
import { Kafka, logLevel, Partitioners } from 'kafkajs'
import { sequenceIn } from '../orders/order.ts'
import type { Contender, OrderHandler, OrderPublisher, Source, Target } from './contender.ts'

export const eachMessage: Contender = {
  form: 'text',
  worksAt: ['batches', 'calls', 'drain', 'waits', 'skew', 'flow'],
  openPublisher,
  consume: (source, handle) => consume(source, handle, 1),
}

/** As `eachMessage`, with its own option for more than one record at a time: one of each partition. */
export const eachMessageByPartition: Contender = {
  form: 'text',
  worksAt: ['skew'],
  consume: (source, handle) => consume(source, handle, source.concurrency),
}

export const eachBatch: Contender = {
  form: 'text',
  worksAt: ['drain'],
  async consume(source, handle) {
    const consumer = clientOf(source).consumer({ groupId: source.group })
    await consumer.connect()
    await consumer.subscribe({ topics: [source.topic], fromBeginning: true })
    await consumer.run({
      eachBatch: async ({ batch }) => {
        for (const { value } of batch.messages) {
          const pending = handle(sequenceIn(value ?? Buffer.alloc(0)), value)
          if (pending !== undefined) await pending
        }
      },
    })
    return { close: () => consumer.disconnect() }
  },
}

async function consume(source: Source, handle: OrderHandler, partitionsConsumedConcurrently: number) {
  const consumer = clientOf(source).consumer({ groupId: source.group })
  await consumer.connect()
  await consumer.subscribe({ topics: [source.topic], fromBeginning: true })
  await consumer.run({
    partitionsConsumedConcurrently,
    eachMessage: async ({ message: { value } }) => {
      const pending = handle(sequenceIn(value ?? Buffer.alloc(0)), value)
      if (pending !== undefined) await pending
    },
  })
  return { close: () => consumer.disconnect() }
}

async function openPublisher({ brokers, topic }: Target): Promise<OrderPublisher> {
  const producer = clientOf({ brokers }).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return {
    publishMany: (orders) =>
      producer.send({ topic, acks: -1, messages: orders.map(({ key, bytes }) => ({ key, value: bytes })) }),
    publish: ({ key, bytes }) => producer.send({ topic, acks: -1, messages: [{ key, value: bytes }] }),
    close: () => producer.disconnect(),
  }
}

export function clientOf({ brokers }: Pick<Target, 'brokers'>): Kafka {
  return new Kafka({ clientId: 'bench', brokers: [...brokers], logLevel: logLevel.ERROR })
}
