import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Producer, stringSerializers } from '@platformatic/kafka'
import { startEmbeddedKafka } from '@tributary/embedded-kafka'

test('a paid order is on the log', async (t) => {
  const kafka = await startEmbeddedKafka()
  t.after(() => kafka.close())

  const producer = new Producer({
    clientId: 'shop',
    bootstrapBrokers: kafka.bootstrapServers,
    serializers: stringSerializers,
    autocreateTopics: true,
  })
  await producer.send({ messages: [{ topic: 'orders', key: 'order-1', value: 'paid' }] })
  await producer.close()

  assert.deepEqual(
    kafka.log('orders', 0).map(({ value }) => String(value)),
    ['paid'],
  )
})
