/** The same records to a compacted topic here and on Apache Kafka: what is left, batch by batch. */
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { batchSizeAt, readHeader } from '../src/log/batch-header.ts'
import { recordsOf } from '../src/log/records.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch, type TestRecord } from './support/record-batch.ts'
import { fetchFrom, produceTo } from './support/requests.ts'

const startMs = Date.now() - 600_000
const batches: readonly (readonly TestRecord[])[] = [
  [
    { key: 'a', value: '1' },
    { key: 'b', value: '1' },
    { key: 'gone', value: '1' },
  ],
  [{ key: 'a', value: '2', headers: [['h', 'x']] }],
  [
    { key: 'gone', value: null },
    { key: 'a', value: '3' },
  ],
  [
    { key: 'b', value: '2' },
    { key: 'c', value: '1' },
    { key: 'd', value: 'x'.repeat(500) },
  ],
  [{ key: 'c', value: '2' }],
  [{ key: 'active', value: '1' }],
]

async function fill(client: RawClient, topic: string): Promise<void> {
  const configs = Object.entries({
    'cleanup.policy': 'compact',
    'segment.ms': '500',
    'min.cleanable.dirty.ratio': '0.001',
  }).map(([name, value]) => ({ name, value }))
  const wanted = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }
  expect(await client.ask('CreateTopics', 4, { topics: [wanted], timeoutMs: 5_000 })).toMatchObject({
    topics: [{ errorCode: 0 }],
  })
  // Each is more than `segment.ms` later than the one before, and begins a segment.
  for (const [index, records] of batches.entries())
    expect(await produceTo(client, topic, recordBatch(records, { baseTimestamp: startMs + index * 1_000 }))).toEqual([
      0,
    ])
}

/** Everything but the delete horizon, which is the time of the compaction. */
async function left(client: RawClient, topic: string): Promise<unknown[]> {
  const found: unknown[] = []
  // Kafka answers from one segment at a time.
  for (let offset = 0n, isAtEnd = false; !isAtEnd; ) {
    const [partition] = await fetchFrom(client, { topic, offset })
    const bytes = Buffer.concat(partition?.records ?? [])
    for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) {
      const batch = bytes.subarray(at, at + batchSizeAt(bytes, at))
      const { baseOffset, lastOffsetDelta, recordCount, maxTimestamp, deleteHorizonMs } = readHeader(batch)
      const hasHorizon = deleteHorizonMs !== undefined
      found.push({ baseOffset, lastOffsetDelta, recordCount, maxTimestamp, hasHorizon, records: recordsOf(batch) })
      offset = baseOffset + BigInt(lastOffsetDelta) + 1n
    }
    isAtEnd = bytes.length === 0 || offset === partition?.highWatermark
  }
  return found
}

it('real Kafka and this broker keep the same after compaction', { timeout: 120_000 }, async () => {
  await using kafka = await startEmbeddedKafka()
  const topic = `compacted-${crypto.randomUUID().slice(0, 8)}`
  using ours = await connectRaw(kafka.bootstrapServers[0])
  using theirs = await connectRaw(process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0])
  await Promise.all([fill(ours, topic), fill(theirs, topic)])
  await kafka.advanceClock(15_000)
  const expected = await left(ours, topic)
  expect(expected.length).toBeLessThan(batches.length)
  // Its cleaner looks every 15 seconds.
  await expect.poll(() => left(theirs, topic), { timeout: 90_000, interval: 1_000 }).toEqual(expected)
})
