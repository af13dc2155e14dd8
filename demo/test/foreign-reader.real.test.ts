import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEventBus, defineEvent } from '@tributary/event-bus'
import { readWithPython } from '@tributary/infra'
import { kafkajs } from '@tributary/kafkajs'
import { expect, it } from 'vitest'

const brokers = process.env['TRIBUTARY_REAL_KAFKA'] ?? ''
const topic = `foreign-reader-${Date.now().toString(36)}`

const priceChanged = defineEvent({
  type: 'price.changed',
  topic,
  key: (change) => change.sku,
  schema: {
    type: 'record',
    name: 'PriceChanged',
    namespace: 'shop',
    fields: [
      { name: 'sku', type: 'string' },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 18, scale: 4 } },
      { name: 'validFrom', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'stock', type: 'long' },
      { name: 'note', type: ['null', 'string'], default: null },
      { name: 'tags', type: { type: 'map', values: 'string' } },
    ],
  },
})

it('lets fastavro read events from a real topic: body, key and headers', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'tributary-foreign-reader-'))
  const schemaFile = join(directory, 'envelope.json')
  await writeFile(schemaFile, JSON.stringify(priceChanged.envelopeSchema))
  await using bus = createEventBus({ source: 'price-service', driver: kafkajs({ brokers: brokers.split(',') }) })
  await bus.admin.createTopics([{ topic, partitions: 3, replicationFactor: 1, configs: {} }])
  const timestamp = new Date('2026-02-03T04:05:06.789Z')
  const beyondDoubles = 2n ** 53n + 1n
  const { id } = await bus.publish(
    priceChanged,
    { sku: 'MÜSLI-1', price: '12.3456', validFrom: 1_700_000_000_123_456n, stock: beyondDoubles, tags: { lang: 'de' } },
    { timestamp },
  )

  const records = await readWithPython(brokers, topic, schemaFile)
  await rm(directory, { recursive: true })
  expect(records).toHaveLength(1)
  const { key, headers, envelope } = records[0] ?? { key: null, headers: {}, envelope: {} }
  expect(key).toBe('MÜSLI-1')
  expect(envelope).toMatchObject({
    event_id: id,
    source: 'price-service',
    timestamp: '2026-02-03T04:05:06.789000+00:00',
    trace_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    data: {
      sku: 'MÜSLI-1',
      price: '12.3456',
      stock: '9007199254740993',
      validFrom: '2023-11-14T22:13:20.123456+00:00',
      note: null,
      tags: { lang: 'de' },
    },
  })
  expect(headers).toMatchObject({
    ce_specversion: '1.0',
    ce_id: id,
    ce_type: 'price.changed',
    ce_source: 'price-service',
  })
  expect(headers['traceparent']?.split('-')[1]).toBe(envelope['trace_id'])
})
