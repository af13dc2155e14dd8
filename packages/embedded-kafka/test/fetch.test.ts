import { once } from 'node:events'
import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { apiNamed, connectRaw, encodeRequest } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { fetchFrom, produceTo, startWaiting } from './support/requests.ts'

const topic = 'orders'
const batch = recordBatch([{ value: 'x'.repeat(500) }])

async function setUp({ brokers = 1, partitions = 1, startOffset = 0n } = {}) {
  const kafka = await startEmbeddedKafka({ brokers })
  kafka.createTopic(topic, { partitions, startOffset })
  const reader = await connectRaw(kafka.bootstrapServers[0], 'reader')
  const writer = await connectRaw(kafka.bootstrapServers[0], 'writer')
  return { kafka, reader, writer, [Symbol.asyncDispose]: () => kafka.close() }
}

const sizes = (fetched: { records: Buffer[] | null }[]) => fetched.map(({ records }) => records?.[0]?.length ?? 0)

describe('a fetch that waits', () => {
  it('is answered by the first append', async () => {
    await using ready = await setUp()
    const { answer } = await startWaiting(ready.kafka, ready.reader, { topic })
    await produceTo(ready.writer, topic, batch)
    expect(sizes(await answer)).toEqual([batch.length])
  })

  it('goes on waiting for its minimum of bytes, and then takes what there is', async () => {
    await using ready = await setUp()
    const { answer } = await startWaiting(ready.kafka, ready.reader, { topic, minBytes: batch.length * 3 })
    for (let count = 0; count < 3; count++) await produceTo(ready.writer, topic, batch)
    expect(sizes(await answer)).toEqual([batch.length * 3])
  })

  it('is answered with what there is when its time is over', async () => {
    await using ready = await setUp()
    await produceTo(ready.writer, topic, batch)
    expect(sizes(await fetchFrom(ready.reader, { topic, minBytes: 100_000, maxWaitMs: 10 }))).toEqual([batch.length])
  })

  it('is answered at once when the leader moves away', async () => {
    await using ready = await setUp({ brokers: 2 })
    const { answer } = await startWaiting(ready.kafka, ready.reader, { topic })
    ready.kafka.moveLeader(topic, 0, 1)
    expect(await answer).toMatchObject([{ errorCode: 6 }])
  })

  it('is answered at once when the topic is deleted', async () => {
    await using ready = await setUp()
    const { answer } = await startWaiting(ready.kafka, ready.reader, { topic })
    await ready.writer.ask('DeleteTopics', 3, { topicNames: [topic], timeoutMs: 1_000 })
    expect(await answer).toMatchObject([{ errorCode: 3 }])
  })
})

describe('the limits of a fetch', () => {
  it('out of the range of the log are refused, and the end is not out of range', async () => {
    await using ready = await setUp({ startOffset: 2n ** 60n })
    expect(await fetchFrom(ready.reader, { topic, offset: 0n })).toMatchObject([{ errorCode: 1 }])
    expect(await fetchFrom(ready.reader, { topic, offset: 2n ** 60n + 1n })).toMatchObject([{ errorCode: 1 }])
    const atEnd = await fetchFrom(ready.reader, { topic, offset: 2n ** 60n })
    expect(atEnd).toMatchObject([{ errorCode: 0, highWatermark: 2n ** 60n }])
  })

  it('let a batch pass that is larger than all of them, but only as the very first', async () => {
    await using ready = await setUp({ partitions: 2 })
    await produceTo(ready.writer, topic, batch, { partitions: [0, 1] })
    const request = { topic, partitions: [0, 1], maxBytes: 100, partitionMaxBytes: 100 }
    expect(sizes(await fetchFrom(ready.reader, request))).toEqual([batch.length, 0])
  })

  it('hold for all partitions together', async () => {
    await using ready = await setUp({ partitions: 3 })
    await produceTo(ready.writer, topic, batch, { partitions: [0, 1, 2] })
    const request = { topic, partitions: [0, 1, 2], maxBytes: batch.length * 2 + 10 }
    expect(sizes(await fetchFrom(ready.reader, request))).toEqual([batch.length, batch.length, 0])
  })
})

it('refuses clients that know an older leader epoch, or a newer one', async () => {
  await using ready = await setUp({ brokers: 2 })
  ready.kafka.moveLeader(topic, 0, 1)
  using client = await connectRaw(ready.kafka.bootstrapServers[1])
  const errors: number[] = []
  for (const currentLeaderEpoch of [0, 1, 2])
    for (const { errorCode } of await fetchFrom(client, { topic, currentLeaderEpoch })) errors.push(errorCode)
  expect(errors).toEqual([74, 0, 75])
})

it('is answered with 55 MiB at most', { timeout: 60_000 }, async () => {
  await using ready = await setUp()
  const large = recordBatch([{ value: 'x'.repeat(1_000_000) }])
  for (let count = 0; count < 60; count++) await produceTo(ready.writer, topic, large)
  const [host = '', port = ''] = (ready.kafka.bootstrapServers[0] ?? '').split(':')
  const socket = connect(Number(port), host)
  const huge = 2 ** 31 - 1
  const partitions = [{ partition: 0, fetchOffset: 0n, partitionMaxBytes: huge }]
  const request = { maxWaitMs: huge, minBytes: 1, maxBytes: huge, sessionEpoch: -1, topics: [{ topic, partitions }] }
  const frame = encodeRequest(apiNamed('Fetch'), 11, request, 1, 'greedy')
  const prefix = Buffer.alloc(4)
  prefix.writeInt32BE(frame.length)
  socket.write(Buffer.concat([prefix, frame]))
  // The length of the answer comes first; the rest is left where it is.
  const [begin] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  expect(begin.readInt32BE(0)).toBeGreaterThan(56_000_000)
  expect(begin.readInt32BE(0)).toBeLessThan(57_671_680)
})
