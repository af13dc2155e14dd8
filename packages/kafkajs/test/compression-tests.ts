import { randomUUID } from 'node:crypto'
import kafkajsLibrary from 'kafkajs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type CompressionName, kafkajs } from '../src/index.ts'
import { record } from './stage.ts'

interface ClusterUnderTest {
  readonly brokers: readonly string[]
  close(): Promise<void>
}

export function describeCompression(name: string, start: () => Promise<ClusterUnderTest>): void {
  describe(`compression on ${name}`, () => {
    it.each<CompressionName>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
      'writes %s and reads it back',
      async (compression) => {
        const { brokers, close } = await start()
        const driver = kafkajs({ brokers, compression })
        onTestFinished(async () => {
          await driver.close()
          await close()
        })
        const admin = driver.createAdmin({ clientId: 'a' })
        const topic = `compression-${compression}-${randomUUID()}`
        await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
        const values = Array.from({ length: 2_000 }, (_, index) => `${index} ${'compressible '.repeat(20)}`)
        const batch = values.map((value) => record(value, [['name', Buffer.from(value.slice(0, 5))]]))
        await driver.createProducer({ clientId: 'p' }).append({ topic, partition: 0 }, batch, { timeoutMs: 10_000 })
        const read: string[] = []
        for await (const chunk of admin.readRange({ topic, partition: 0 }, 0n, 10_000n)) {
          for (const each of chunk.records) read.push(String(each.value))
        }
        expect(read).toEqual(values)
      },
    )

    it("reads what kafkajs' own producer compressed", async () => {
      const { brokers, close } = await start()
      const driver = kafkajs({ brokers })
      const { Kafka, logLevel, CompressionTypes } = kafkajsLibrary
      const producer = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).producer({
        createPartitioner: () => () => 0,
      })
      onTestFinished(async () => {
        await producer.disconnect()
        await driver.close()
        await close()
      })
      const admin = driver.createAdmin({ clientId: 'a' })
      const topic = `compression-kafkajs-${randomUUID()}`
      await admin.createTopics([{ topic, partitions: 1, replicationFactor: 1, configs: {} }])
      await producer.connect()
      await producer.send({
        topic,
        compression: CompressionTypes.GZIP,
        messages: [{ key: 'k', value: 'v', headers: { h: ['1', '2'] } }],
      })
      for await (const { records } of admin.readRange({ topic, partition: 0 }, 0n, 10n)) {
        expect([...records][0]?.headers).toEqual([
          ['h', Buffer.from('1')],
          ['h', Buffer.from('2')],
        ])
      }
    })
  })
}
