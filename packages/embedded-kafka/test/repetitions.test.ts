/** Requests that say the same thing as often as may be. They are answered in a moment, and at the length of what they ask about. */
import { describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'

const bounded = { timeout: 60_000 }
const most = 99_000

async function setUp() {
  const kafka = await startEmbeddedKafka({ warn: () => {} })
  kafka.createTopic('orders', { partitions: 1_000 })
  const client = await connectRaw(kafka.bootstrapServers[0])
  return { kafka, client, [Symbol.asyncDispose]: () => kafka.close() }
}

function times<T>(count: number, value: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => value(index))
}

type Answers = Record<string, unknown[]>

describe('what is asked for again and again is answered once', () => {
  it('a topic', bounded, async () => {
    await using ready = await setUp()
    const topics = times(most, () => ({ name: 'orders' }))
    const answer = await ready.client.ask<Answers>('Metadata', 8, { topics })
    expect(answer['topics']).toHaveLength(1)
  })

  it('the settings of a topic', bounded, async () => {
    await using ready = await setUp()
    const resources = times(most, () => ({ resourceType: 2, resourceName: 'orders', configurationKeys: null }))
    const answer = await ready.client.ask<Answers>('DescribeConfigs', 4, { resources })
    expect(answer['results']).toHaveLength(1)
  })

  it.each([
    ['DescribeGroups', 5, 'groups', 'groups'],
    ['ConsumerGroupDescribe', 0, 'groupIds', 'groups'],
    ['DescribeTransactions', 0, 'transactionalIds', 'transactionStates'],
  ] as const)('by %s', bounded, async (api, version, asked, answered) => {
    await using ready = await setUp()
    const answer = await ready.client.ask<Answers>(api, version, { [asked]: times(most, () => 'same') })
    expect(answer[answered]).toHaveLength(1)
  })

  it('the committed offsets of a group', bounded, async () => {
    await using ready = await setUp()
    const partitions = times(1_000, (partitionIndex) => ({ partitionIndex, committedOffset: 1n }))
    const commit = {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      memberId: '',
      topics: [{ name: 'orders', partitions }],
    }
    await ready.client.ask('OffsetCommit', 8, commit)
    const groups = times(most, () => ({ groupId: 'g', topics: null }))
    const answer = await ready.client.ask<Answers>('OffsetFetch', 8, { groups })
    expect(answer['groups']).toEqual([
      expect.objectContaining({ topics: [expect.objectContaining({ name: 'orders' })] }),
    ])
  })

  it('a partition to read, as it is named last', bounded, async () => {
    await using ready = await setUp()
    const partitions = times(most, (index) => ({ partition: 0, fetchOffset: index === most - 1 ? 0n : 7n }))
    const request = { maxBytes: 1, sessionEpoch: -1, topics: [{ topic: 'orders', partitions }] }
    const { responses } = await ready.client.ask<{ responses: { partitions: object[] }[] }>('Fetch', 11, request)
    expect(responses[0]?.partitions).toEqual([expect.objectContaining({ errorCode: 0 })])
  })

  it('an offset, with a refusal', bounded, async () => {
    await using ready = await setUp()
    const partitions = times(most, () => ({ partitionIndex: 0, timestamp: 0n }))
    const topics = [{ name: 'orders', partitions }]
    const answer = await ready.client.ask<{ topics: { partitions: object[] }[] }>('ListOffsets', 5, { topics })
    expect(answer.topics[0]?.partitions).toEqual([expect.objectContaining({ errorCode: 42 })])
  })
})

describe('as many things as may be take a moment', () => {
  it('topics to be made, of which a request makes ten thousand at most', bounded, async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const wanted = (index: number) => ({
      name: `t${index}`,
      numPartitions: 1,
      replicationFactor: 1,
      assignments: [],
      configs: [],
    })
    const answer = await client.ask<{ topics: { errorCode: number }[] }>('CreateTopics', 5, {
      topics: times(30_000, wanted),
    })
    expect(new Set(answer.topics.map(({ errorCode }) => errorCode))).toEqual(new Set([44]))
    expect(kafka.topics()).toEqual(['orders'])
  })

  it('partitions of a log directory', bounded, async () => {
    await using ready = await setUp()
    const topics = times(45_000, (index) => ({ topic: `t${index}`, partitions: [0] }))
    const answer = await ready.client.ask<Answers>('DescribeLogDirs', 2, { topics })
    expect(answer['results']).toEqual([expect.objectContaining({ topics: [] })])
  })

  it('protocols of a member', bounded, async () => {
    await using ready = await setUp()
    const protocols = times(most, (index) => ({ name: `p${index}`, metadata: Buffer.alloc(0) }))
    const join = {
      groupId: 'g',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: '',
      protocolType: 'x',
      protocols,
    }
    expect(await ready.client.ask('JoinGroup', 3, join)).toMatchObject({ errorCode: 0, protocolName: 'p0' })
  })

  it('partitions of a transaction, each of which gets one marker', bounded, async () => {
    await using ready = await setUp()
    const { kafka, client } = ready
    const begin = { transactionalId: 'txn', transactionTimeoutMs: 60_000 }
    const producer = await client.ask<{ producerId: bigint; producerEpoch: number }>('InitProducerId', 1, begin)
    const topics = [{ name: 'orders', partitions: times(most, () => 0) }]
    const { producerId: v3AndBelowProducerId, producerEpoch: v3AndBelowProducerEpoch } = producer
    const added = {
      v3AndBelowTransactionalId: 'txn',
      v3AndBelowProducerId,
      v3AndBelowProducerEpoch,
      v3AndBelowTopics: topics,
    }
    await client.ask('AddPartitionsToTxn', 1, added)
    await client.ask('EndTxn', 1, { transactionalId: 'txn', ...producer, committed: true })
    expect(kafka.offsets('orders', 0).endOffset).toBe(1n)
  })
})
