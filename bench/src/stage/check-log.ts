/** Reads a topic to its end with raw kafkajs and decodes with plain avsc: nothing that is being measured checks itself. */
import { Kafka, logLevel } from 'kafkajs'
import type { RecordForm } from '../contenders/contender.ts'
import { Ledger, type Verdict } from '../orders/ledger.ts'
import { sequenceIn } from '../orders/order.ts'
import { orderIn } from '../orders/plain-envelope.ts'
import { isSameOrder } from '../orders/same-order.ts'

export async function checkLog(
  source: { readonly brokers: readonly string[]; readonly topic: string; readonly group: string },
  form: RecordForm,
  keys: Int32Array,
): Promise<Verdict> {
  const kafka = new Kafka({ clientId: 'bench-check', brokers: [...source.brokers], logLevel: logLevel.ERROR })
  const admin = kafka.admin()
  await admin.connect()
  const ends = await admin.fetchTopicOffsets(source.topic)
  await admin.disconnect()
  let left = ends.reduce((sum, { offset }) => sum + Number(offset), 0)
  const ledger = new Ledger(keys, isSameOrder)
  const consumer = kafka.consumer({ groupId: source.group })
  await consumer.connect()
  await consumer.subscribe({ topics: [source.topic], fromBeginning: true })
  await new Promise<void>((resolve, reject) => {
    consumer
      .run({
        eachBatch: ({ batch }) => {
          for (const { value } of batch.messages) book(ledger, form, value ?? Buffer.alloc(0))
          left -= batch.messages.length
          if (left <= 0) resolve()
          return Promise.resolve()
        },
      })
      .catch(reject)
    if (left === 0) resolve()
  })
  await consumer.disconnect()
  return ledger.verdict()
}

function book(ledger: Ledger, form: RecordForm, value: Buffer): void {
  if (form === 'text') {
    ledger.book(sequenceIn(value), value)
    return
  }
  const order = orderIn(value)
  ledger.book(Number(order.orderId), order)
}
