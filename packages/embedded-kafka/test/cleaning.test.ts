import { describe, expect, it } from 'vitest'
import { type EmbeddedKafkaOptions, startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch, type TestRecord } from './support/record-batch.ts'
import { fetchFrom, produceTo } from './support/requests.ts'
import { scratchDirectory } from './support/scratch-directory.ts'

const hourMs = 3_600_000
const retentionPauseMs = 300_000
const compactionPauseMs = 15_000
const large = 'x'.repeat(600_000)
/** The smallest that Kafka allows: one large record in each segment. */
const smallSegments = { 'segment.bytes': '1048576' }

async function setUp(options: EmbeddedKafkaOptions, configs: Record<string, string>) {
  const kafka = await startEmbeddedKafka({ ...options, autoCreateTopics: false })
  kafka.createTopic('orders', { configs: { ...smallSegments, ...configs } })
  const client = await connectRaw(kafka.bootstrapServers[0])
  const send = async (...records: TestRecord[]) => {
    const baseTimestamp = Date.now()
    expect(await produceTo(client, 'orders', recordBatch(records, { baseTimestamp }))).toEqual([0])
  }
  const offsets = () => kafka.log('orders', 0).map(({ offset }) => offset)
  return { kafka, client, send, offsets, [Symbol.asyncDispose]: () => kafka.close() }
}

describe.each(['memory', 'files'])('cleaning, logs in %s', (where) => {
  const optionsFor = (dataDir: string): EmbeddedKafkaOptions => (where === 'memory' ? {} : { dataDir })

  it('removes what is older than retention.ms, the newest segment too, and readers are told where the log starts', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path), { 'retention.ms': String(hourMs) })
    for (let count = 0; count < 3; count++) await ready.send({ value: large })
    await ready.kafka.advanceClock(hourMs - 400_000)
    expect(ready.offsets()).toEqual([0n, 1n, 2n])
    // The first grows too old 400 seconds from here, and the others a moment later: the next look is five minutes after that.
    await ready.kafka.advanceClock(400_000 + retentionPauseMs)
    expect(ready.offsets()).toEqual([])
    expect(ready.kafka.offsets('orders', 0)).toEqual({ startOffset: 3n, endOffset: 3n })
    expect(await fetchFrom(ready.client, { topic: 'orders', offset: 1n })).toMatchObject([{ errorCode: 1 }])
    await ready.send({ value: 'next' })
    expect(ready.offsets()).toEqual([3n])
  })

  it('removes the oldest segments of a log that is larger than retention.bytes', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path), { 'retention.bytes': '1300000' })
    for (let count = 0; count < 5; count++) await ready.send({ value: large })
    await ready.kafka.advanceClock(retentionPauseMs)
    expect(ready.offsets()).toEqual([2n, 3n, 4n])
  })

  it('keeps everything where the topic is only compacted, and records without a key are refused', async () => {
    using directory = scratchDirectory()
    const configs = { 'cleanup.policy': 'compact', 'retention.ms': '1000', 'retention.bytes': '1' }
    await using ready = await setUp(optionsFor(directory.path), configs)
    for (const key of ['a', 'b', 'c']) await ready.send({ key, value: large })
    await ready.kafka.advanceClock(hourMs)
    expect(ready.offsets()).toEqual([0n, 1n, 2n])
    const keyless = recordBatch([{ key: 'a' }, { value: 'keyless' }])
    expect(await produceTo(ready.client, 'orders', keyless)).toEqual([87])
  })

  it('keeps the last value of each key, and readers in the middle see no difference but gaps', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path), { 'cleanup.policy': 'compact' })
    await ready.send({ key: 'a', value: 'old' }, { key: 'b', value: 'kept' }, { key: 'c', value: 'deleted' })
    await ready.send({ key: 'c', value: null }, { key: 'x', value: large })
    await ready.send({ key: 'a', value: 'new' }, { key: 'x', value: large })
    await ready.send({ key: 'active', value: large })
    await ready.kafka.advanceClock(compactionPauseMs)
    // 3 is the tombstone, which can be read for a day; 4 is superseded by 6.
    expect(ready.offsets()).toEqual([1n, 3n, 5n, 6n, 7n])
    const [partition] = await fetchFrom(ready.client, { topic: 'orders', offset: 2n, maxBytes: 10_000_000 })
    expect(partition?.records?.[0]?.readBigInt64BE(0)).toBe(0n)
    expect(partition?.highWatermark).toBe(8n)
    expect(ready.kafka.offsets('orders', 0)).toEqual({ startOffset: 0n, endOffset: 8n })

    await ready.kafka.advanceClock(25 * hourMs)
    expect(ready.offsets()).toContain(3n)
    await ready.send({ key: 'x', value: large })
    await ready.send({ key: 'x', value: large })
    await ready.send({ key: 'x', value: large })
    await ready.kafka.advanceClock(compactionPauseMs)
    expect(ready.offsets()).not.toContain(3n)
    expect(ready.offsets()).toEqual(expect.arrayContaining([1n, 5n]))
  })

  it('acts on a retention that is shortened later', async () => {
    using directory = scratchDirectory()
    await using ready = await setUp(optionsFor(directory.path), {})
    await ready.send({ value: large })
    await ready.kafka.advanceClock(hourMs)
    expect(ready.offsets()).toEqual([0n])
    const configs = [{ name: 'retention.ms', configOperation: 0, value: '60000' }]
    await ready.client.ask('IncrementalAlterConfigs', 0, {
      resources: [{ resourceType: 2, resourceName: 'orders', configs }],
    })
    await ready.kafka.advanceClock(retentionPauseMs)
    expect(ready.offsets()).toEqual([])
  })
})

it('what was compacted stays so over a restart', async () => {
  using directory = scratchDirectory()
  let before: bigint[]
  {
    await using ready = await setUp({ dataDir: directory.path }, { 'cleanup.policy': 'compact' })
    for (let count = 0; count < 6; count++) await ready.send({ key: count % 2 ? 'a' : 'b', value: large })
    await ready.kafka.advanceClock(compactionPauseMs)
    before = ready.offsets()
    expect(before).toEqual([3n, 4n, 5n])
  }
  await using kafka = await startEmbeddedKafka({ dataDir: directory.path })
  expect(kafka.log('orders', 0).map(({ offset }) => offset)).toEqual(before)
  expect(kafka.offsets('orders', 0)).toEqual({ startOffset: 0n, endOffset: 6n })
})
