/** What a team writes on kafkajs for itself to have what an event of Tributary has: Avro by avsc, an id, CloudEvents and trace headers. Nothing else of it. */
import { randomBytes, randomUUID } from 'node:crypto'
import { Partitioners } from 'kafkajs'
import type { PreparedOrder } from '../orders/order.ts'
import { orderIn, plainEnvelope } from '../orders/plain-envelope.ts'
import type { Contender, OrderPublisher, Target } from './contender.ts'
import { clientOf } from './kafkajs.ts'

/** Avro's single-object encoding. avsc has no fingerprint of the kind that it asks for; readers here look at none. */
const frame = Buffer.from('c3010000000000000000', 'hex')

export const byHand: Contender = {
  form: 'events',
  worksAt: ['batches', 'calls', 'drain'],
  openPublisher,
  async consume(source, handle) {
    const consumer = clientOf(source).consumer({ groupId: source.group })
    await consumer.connect()
    await consumer.subscribe({ topics: [source.topic], fromBeginning: true })
    await consumer.run({
      eachMessage: async ({ message: { value } }) => {
        const order = orderIn(value ?? frame)
        const pending = handle(Number(order.orderId), order)
        if (pending !== undefined) await pending
      },
    })
    return { close: () => consumer.disconnect() }
  },
}

async function openPublisher({ brokers, topic }: Target): Promise<OrderPublisher> {
  const producer = clientOf({ brokers }).producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  return {
    publishMany: (orders) => producer.send({ topic, acks: -1, messages: orders.map(messageOf) }),
    publish: (order) => producer.send({ topic, acks: -1, messages: [messageOf(order)] }),
    close: () => producer.disconnect(),
  }
}

function messageOf({ key, order }: PreparedOrder) {
  const id = randomUUID()
  const traceId = randomBytes(16).toString('hex')
  const timestamp = new Date()
  const body = plainEnvelope.toBuffer({
    event_id: id,
    trace_id: traceId,
    timestamp: timestamp.getTime(),
    source: 'bench',
    data: order,
  })
  const headers = {
    'content-type': 'application/avro',
    ce_specversion: '1.0',
    ce_type: 'order.placed',
    ce_source: 'bench',
    ce_time: timestamp.toISOString(),
    ce_id: id,
    ce_subject: key,
    traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
  }
  return { key, value: Buffer.concat([frame, body]), headers }
}
