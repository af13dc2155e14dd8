/** The same records to a compacted topic here and on Apache Kafka: what is left, batch by batch. */
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { batchSizeAt, readHeader } from '../src/log/batch-header.ts'
import { type LogRecord, recordsOf } from '../src/log/records.ts'
import { errorCodes } from '../src/protocol/error-codes.ts'
import { comparison } from './support/comparison.ts'
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

async function createCompacted(client: RawClient, topic: string): Promise<void> {
  const configs = Object.entries({
    'cleanup.policy': 'compact',
    'segment.ms': '500',
    'min.cleanable.dirty.ratio': '0.001',
  }).map(([name, value]) => ({ name, value }))
  const wanted = { name: topic, numPartitions: 1, replicationFactor: 1, assignments: [], configs }
  expect(await client.ask('CreateTopics', 4, { topics: [wanted], timeoutMs: 5_000 })).toMatchObject({
    topics: [{ errorCode: 0 }],
  })
}

async function fill(client: RawClient, topic: string): Promise<void> {
  await createCompacted(client, topic)
  // Each is more than `segment.ms` later than the one before, and begins a segment.
  for (const [index, records] of batches.entries())
    await write(client, topic, recordBatch(records, { baseTimestamp: startMs + index * 1_000 }))
}

/** A real cluster tells of a topic a little before the leader of its partition serves it. */
async function write(client: RawClient, topic: string, batch: Buffer): Promise<void> {
  const passing: unknown[] = [errorCodes.NOT_LEADER_OR_FOLLOWER, errorCodes.UNKNOWN_TOPIC_OR_PARTITION]
  let [code] = await produceTo(client, topic, batch)
  for (; passing.includes(code); [code] = await produceTo(client, topic, batch)) await pause()
  expect(code).toBe(errorCodes.NONE)
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20))

/** One transaction after the other, of one producer, and records without any in between. */
const transactions: readonly { records: readonly TestRecord[]; outcome?: 'commit' | 'abort' }[] = [
  { records: batches[0] ?? [] },
  { records: [{ key: 'a', value: '2' }], outcome: 'commit' },
  {
    records: [
      { key: 'a', value: 'aborted' },
      { key: 'never', value: '1' },
    ],
    outcome: 'abort',
  },
  { records: [{ key: 'c', value: '1' }], outcome: 'commit' },
  { records: [{ key: 'gone', value: null }], outcome: 'commit' },
  // The latest of its producer, which stays without its record.
  { records: [{ key: 'c', value: '2' }], outcome: 'commit' },
  { records: [{ key: 'c', value: '3' }] },
  { records: [{ key: 'active', value: '1' }] },
]

interface Answer {
  readonly errorCode: number
  readonly resultsByTopicV3AndBelow?: readonly {
    readonly resultsByPartition: readonly { readonly partitionErrorCode: number }[]
  }[]
}

async function fillByTransactions(client: RawClient, topic: string): Promise<void> {
  await createCompacted(client, topic)
  const transactionalId = topic
  const init = { transactionalId, transactionTimeoutMs: 60_000 }
  const passing: readonly number[] = [
    errorCodes.CONCURRENT_TRANSACTIONS,
    errorCodes.NOT_COORDINATOR,
    errorCodes.COORDINATOR_NOT_AVAILABLE,
    errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  ]
  /** Asks again while the cluster is busy with what came before. */
  const ask = async <T>(...request: Parameters<RawClient['ask']>): Promise<T> => {
    for (;;) {
      const answer = await client.ask<Answer>(...request)
      const [added] = answer.resultsByTopicV3AndBelow ?? []
      if (!passing.includes(added?.resultsByPartition[0]?.partitionErrorCode ?? answer.errorCode)) return answer as T
      await pause()
    }
  }
  await client.ask('FindCoordinator', 3, { key: transactionalId, keyType: 1 })
  const { producerId, producerEpoch } = await ask<{ producerId: bigint; producerEpoch: number }>(
    'InitProducerId',
    1,
    init,
  )
  let baseSequence = 0
  // Later than now, the time of the markers, so that only records begin segments.
  const latestMs = Date.now() + 600_000
  for (const [index, { records, outcome }] of transactions.entries()) {
    const baseTimestamp = latestMs + index * 1_000
    if (!outcome) {
      await write(client, topic, recordBatch(records, { baseTimestamp }))
      continue
    }
    await ask('AddPartitionsToTxn', 1, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: [{ name: topic, partitions: [0] }],
    })
    const batch = recordBatch(records, { baseTimestamp, producerId, producerEpoch, baseSequence, attributes: 0x10 })
    baseSequence += records.length
    const topicData = [{ name: topic, partitionData: [{ index: 0, records: [batch] }] }]
    expect(await client.ask('Produce', 7, { transactionalId, acks: -1, timeoutMs: 5_000, topicData })).toMatchObject({
      responses: [{ partitionResponses: [{ errorCode: 0 }] }],
    })
    const end = { transactionalId, producerId, producerEpoch, committed: outcome === 'commit' }
    expect(await ask('EndTxn', 1, end)).toMatchObject({ errorCode: 0 })
    // Kafka answers before the marker is written: without a wait the next record could come before it.
    while ((await transactionState(client, transactionalId)).startsWith('Prepare')) await pause()
  }
}

async function transactionState(client: RawClient, transactionalId: string): Promise<string> {
  const { transactionStates } = await client.ask<{ transactionStates: { transactionState: string }[] }>(
    'DescribeTransactions',
    0,
    { transactionalIds: [transactionalId] },
  )
  return transactionStates[0]?.transactionState ?? ''
}

/** Offsets and keys of the records that are left, and what lies at the offsets of markers. */
async function leftOfTransactions(client: RawClient, topic: string): Promise<unknown[]> {
  const batches = (await left(client, topic)) as { baseOffset: bigint; records: LogRecord[]; isControl: boolean }[]
  return batches.map(({ baseOffset, records, isControl }) => ({
    baseOffset,
    isControl,
    records: records.map(({ offset, key, value }) => ({ offset, key: key?.toString('hex'), value: String(value) })),
  }))
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
      const { baseOffset, lastOffsetDelta, recordCount, maxTimestamp, deleteHorizonMs, isControl } = readHeader(batch)
      const hasHorizon = deleteHorizonMs !== undefined
      const records = recordsOf(batch)
      found.push({ baseOffset, lastOffsetDelta, recordCount, maxTimestamp, hasHorizon, isControl, records })
      offset = baseOffset + BigInt(lastOffsetDelta) + 1n
    }
    isAtEnd = bytes.length === 0 || offset === partition?.highWatermark
  }
  return found
}

it('real Kafka and this broker keep the same after compaction', { ...comparison, timeout: 120_000 }, async () => {
  await using kafka = await startEmbeddedKafka()
  const topic = `compacted-${crypto.randomUUID().slice(0, 8)}`
  const transactional = `${topic}-transactions`
  using ours = await connectRaw(kafka.bootstrapServers[0])
  using theirs = await connectRaw(process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0])
  for (const client of [ours, theirs]) {
    await fill(client, topic)
    await fillByTransactions(client, transactional)
  }
  const before = await leftOfTransactions(ours, transactional)
  await kafka.advanceClock(15_000)
  const expected = await left(ours, topic)
  expect(expected.length).toBeLessThan(batches.length)
  const expectedOfTransactions = await leftOfTransactions(ours, transactional)
  expect(expectedOfTransactions.length).toBeLessThan(before.length)
  // Its cleaner takes its turns when it likes, and may have begun before the last record came.
  await expect.poll(() => left(theirs, topic), { timeout: 90_000, interval: 1_000 }).toEqual(expected)
  await expect
    .poll(() => leftOfTransactions(theirs, transactional), { timeout: 60_000, interval: 1_000 })
    .toEqual(expectedOfTransactions)
})
