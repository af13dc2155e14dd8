const { startEmbeddedKafka } = require('@tributary/embedded-kafka')
const { Kafka, Partitioners } = require('kafkajs')

let kafka
beforeEach(async () => {
  kafka = await startEmbeddedKafka()
})
afterEach(() => kafka.close())

test('a paid order is on the log', async () => {
  const client = new Kafka({ brokers: kafka.bootstrapServers })
  const producer = client.producer({ createPartitioner: Partitioners.DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic: 'orders', messages: [{ key: 'order-1', value: 'paid' }] })
  await producer.disconnect()

  expect(kafka.log('orders', 0).map(({ value }) => String(value))).toEqual(['paid'])
})
