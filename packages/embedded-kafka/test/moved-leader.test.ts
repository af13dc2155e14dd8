import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { connectRaw, type RawClient } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'

const batch = recordBatch([{ value: 'a' }, { value: 'b' }])

interface EpochEnd {
  topics: { partitions: { errorCode: number; leaderEpoch: number; endOffset: bigint }[] }[]
}

async function endOf(client: RawClient, leaderEpoch: number) {
  const partitions = [{ partition: 0, leaderEpoch }]
  const answer = await client.ask<EpochEnd>('OffsetForLeaderEpoch', 4, { topics: [{ topic: 'orders', partitions }] })
  return answer.topics[0]?.partitions[0]
}

it('tells where the records of an earlier leader end', async () => {
  await using kafka = await startEmbeddedKafka({ brokers: 2 })
  kafka.createTopic('orders')
  using first = await connectRaw(kafka.bootstrapServers[0])
  using second = await connectRaw(kafka.bootstrapServers[1])
  await produceTo(first, 'orders', batch)
  kafka.moveLeader('orders', 0, 1)
  await produceTo(second, 'orders', batch)
  expect(await endOf(second, 0)).toMatchObject({ errorCode: 0, leaderEpoch: 0, endOffset: 2n })
  expect(await endOf(second, 1)).toMatchObject({ errorCode: 0, leaderEpoch: 1, endOffset: 4n })
  expect(await endOf(second, 2)).toMatchObject({ errorCode: 0, leaderEpoch: -1, endOffset: -1n })
  expect(await endOf(first, 0)).toMatchObject({ errorCode: 6 })
})

it('tells a client that asked the wrong broker who leads and where that one listens', async () => {
  await using kafka = await startEmbeddedKafka({ brokers: 2 })
  kafka.createTopic('orders')
  kafka.moveLeader('orders', 0, 1)
  using client = await connectRaw(kafka.bootstrapServers[0])
  const answer = await client.ask('Produce', 10, {
    acks: -1,
    timeoutMs: 1_000,
    topicData: [{ name: 'orders', partitionData: [{ index: 0, records: [batch] }] }],
  })
  const [, port] = (kafka.bootstrapServers[1] ?? '').split(':')
  expect(answer).toMatchObject({
    responses: [{ partitionResponses: [{ errorCode: 6, currentLeader: { leaderId: 1, leaderEpoch: 1 } }] }],
    nodeEndpoints: [{ nodeId: 1, host: '127.0.0.1', port: Number(port) }],
  })
})
