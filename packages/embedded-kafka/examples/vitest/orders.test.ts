import { type EmbeddedKafka, startEmbeddedKafka } from '@tributary/embedded-kafka'
import { Kafka, Partitioners } from 'kafkajs'
import { test as base, expect } from 'vitest'

const test = base.extend<{ kafka: EmbeddedKafka }>({
  // A broker of its own for each test that names it.
  kafka: async ({}, use) => {
    await using kafka = await startEmbeddedKafka()
    await use(kafka)
  },
})

test('a paid order is on the log', async ({ kafka }) => {
  const client = new Kafka({ brokers: kafka.bootstrapServers })
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ key: 'order-1', value: 'paid' }] })
  await producer.disconnect()

  expect(kafka.log('orders', 0).map(({ value }) => String(value))).toEqual(['paid'])
})
