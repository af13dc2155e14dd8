import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type ApiName, type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { apiNamed, connectRaw, encodeRequest } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo } from './support/requests.ts'

const oneRecord = (value: string) => recordBatch([{ value }])
const values = (kafka: EmbeddedKafka, partition = 0) => kafka.log('orders', partition).map(({ value }) => String(value))

/** A connection on which every byte counts. */
async function connectBytes(kafka: EmbeddedKafka) {
  const [host = '', port = ''] = (kafka.bootstrapServers[0] ?? '').split(':')
  const socket = connect(Number(port), host)
  await once(socket, 'connect')
  const chunks: Buffer[] = []
  const received = (): Buffer => Buffer.concat(chunks)
  let wake = (): void => {}
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    wake()
  })
  const ended = once(socket, 'end')
  const send = (api: ApiName, version: number, request: object): void => {
    const frame = encodeRequest(apiNamed(api), version, request, 1, 'bytes')
    const length = Buffer.alloc(4)
    length.writeInt32BE(frame.length)
    socket.write(Buffer.concat([length, frame]))
  }
  return {
    ended,
    get received(): Buffer {
      return received()
    },
    produce(value: string, acks = -1): void {
      const partitionData = [{ index: 0, records: [oneRecord(value)] }]
      send('Produce', 7, { acks, timeoutMs: 1_000, topicData: [{ name: 'orders', partitionData }] })
    },
    fetch(): void {
      const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: 100_000_000 }]
      send('Fetch', 11, { maxBytes: 100_000_000, sessionEpoch: -1, topics: [{ topic: 'orders', partitions }] })
    },
    async until(count: number): Promise<void> {
      while (received().length < count) await new Promise<void>((resolve) => (wake = resolve))
    },
    [Symbol.dispose]: () => void socket.destroy(),
  }
}

async function setUp() {
  const kafka = await startEmbeddedKafka({ warn: () => {} })
  kafka.createTopic('orders', { partitions: 2 })
  return kafka
}

/** The answer to the first produce of one record: length, correlation id, topics, throttle time. */
const wholeAnswerBytes = 4 + 4 + 4 + 2 + 'orders'.length + 4 + 4 + 2 + 8 + 8 + 8 + 4

describe('cutAnswerAfter', () => {
  it.each([0, 1, 4, 7, 30, wholeAnswerBytes - 1])(
    'sends the first %i bytes of what is true, and ends the connection',
    async (count) => {
      await using kafka = await setUp()
      using whole = await connectBytes(kafka)
      whole.produce('a')
      await whole.until(wholeAnswerBytes)
      await using other = await setUp()
      using cut = await connectBytes(other)
      const fault = other.faults.on('Produce', { topic: 'orders' }).cutAnswerAfter(count)
      cut.produce('a')
      await cut.ended
      expect(cut.received).toEqual(whole.received.subarray(0, count))
      expect([values(kafka), values(other)]).toEqual([['a'], ['a']])
      await fault.happened()
    },
  )

  it('sends an answer that is shorter whole, and ends the connection all the same', async () => {
    await using kafka = await setUp()
    kafka.faults.on('Produce').cutAnswerAfter(10_000)
    using client = await connectRaw(kafka.bootstrapServers[0])
    expect(await produceTo(client, 'orders', oneRecord('a'))).toEqual([0])
    await client.closed
  })

  it('sends all of a beginning that is larger than what a connection takes at once', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('orders', { configs: { 'max.message.bytes': '20000000' } })
    using client = await connectBytes(kafka)
    using writer = await connectRaw(kafka.bootstrapServers[0])
    await produceTo(writer, 'orders', oneRecord('x'.repeat(16_000_000)))
    kafka.faults.on('Fetch').cutAnswerAfter(15_000_000)
    client.fetch()
    await client.ended
    expect(client.received).toHaveLength(15_000_000)
  })

  it('ends the connection of a producer that wants no answer', async () => {
    await using kafka = await setUp()
    kafka.faults.on('Produce').cutAnswerAfter(10)
    using client = await connectBytes(kafka)
    client.produce('a', 0)
    await client.ended
    expect(client.received).toHaveLength(0)
    expect(values(kafka)).toEqual(['a'])
  })

  it('makes an idempotent producer send again, and the record is there once', async () => {
    await using kafka = await setUp()
    const cut = kafka.faults.on('Produce', { topic: 'orders', times: 2 }).cutAnswerAfter(20)
    const producer = kafkajsFor(kafka).producer({ idempotent: true, createPartitioner })
    await producer.connect()
    await producer.send({ topic: 'orders', messages: [{ value: 'a', partition: 0 }] })
    await producer.disconnect()
    expect(cut.count).toBe(2)
    expect(values(kafka)).toEqual(['a'])
  })
})

it('stallAnswerAfter sends the first bytes, and neither the rest nor anything else', async () => {
  await using kafka = await setUp()
  const fault = kafka.faults.on('Produce').stallAnswerAfter(6)
  using client = await connectBytes(kafka)
  client.produce('a')
  client.produce('unheard')
  await client.until(6)
  await fault.happened()
  using other = await connectRaw(kafka.bootstrapServers[0])
  expect(await produceTo(other, 'orders', oneRecord('b'))).toEqual([0])
  expect(client.received).toHaveLength(6)
  expect(values(kafka)).toEqual(['a', 'b'])
  expect(kafka.cutConnections({ clientId: 'bytes' })).toBe(1)
  await client.ended.catch(() => {})
  expect(client.received).toHaveLength(6)
})

describe('leaveOut', () => {
  it('applies everything, and says nothing of one partition', async () => {
    await using kafka = await setUp()
    using client = await connectRaw(kafka.bootstrapServers[0])
    const fault = kafka.faults.on('Produce', { topic: 'orders', partition: 0 }).leaveOut()
    const partitionData = [0, 1].map((index) => ({ index, records: [oneRecord(`in ${index}`)] }))
    const request = { acks: -1, timeoutMs: 1_000, topicData: [{ name: 'orders', partitionData }] }
    expect(await client.ask('Produce', 9, request)).toMatchObject({
      responses: [{ name: 'orders', partitionResponses: [{ index: 1, errorCode: 0 }] }],
    })
    expect([values(kafka, 0), values(kafka, 1)]).toEqual([['in 0'], ['in 1']])
    await fault.happened()
  })

  it('leaves a partition out of a fetch that had to wait for its records', async () => {
    await using kafka = await setUp()
    using reader = await connectRaw(kafka.bootstrapServers[0], 'reader')
    using writer = await connectRaw(kafka.bootstrapServers[0], 'writer')
    using arrived = kafka.faults.on('Fetch').run(() => {})
    kafka.faults.on('Fetch', { topic: 'orders', partition: 1 }).leaveOut()
    const fetched = fetchFrom(reader, { topic: 'orders', partitions: [0, 1], maxWaitMs: 60_000 })
    await arrived.happened()
    await produceTo(writer, 'orders', oneRecord('a'), { partitions: [1] })
    expect(await fetched).toMatchObject([{ partitionIndex: 0 }])
  })

  it('hides a topic from a client that asks for all of them', async () => {
    await using kafka = await setUp()
    kafka.createTopic('payments')
    using client = await connectRaw(kafka.bootstrapServers[0])
    kafka.faults.on('Metadata', { topic: 'orders' }).leaveOut()
    const names = async () => {
      const { topics } = await client.ask<{ topics: { name: string }[] }>('Metadata', 5, { topics: null })
      return topics.map(({ name }) => name)
    }
    expect(await names()).toEqual(['payments'])
    expect(await names()).toEqual(['orders', 'payments'])
  })
})
