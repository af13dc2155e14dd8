import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { connectRaw } from './support/raw-client.ts'
import { recordBatch } from './support/record-batch.ts'
import { produceTo } from './support/requests.ts'

const batch = recordBatch([{ value: 'x' }])

it('answers nothing to a produce request that wants no acknowledgement, and goes on', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic('orders')
  using client = await connectRaw(kafka.bootstrapServers[0])
  const unanswered = produceTo(client, 'orders', batch, { acks: 0 })
  // The raw client takes the next answer for the one that never comes, and tells them apart by their numbers.
  const answered = produceTo(client, 'orders', batch)
  await expect(unanswered).rejects.toThrow('answer 2 came in place of 1')
  expect(kafka.offsets('orders', 0).endOffset).toBe(2n)
  client.socket.destroy()
  await expect(answered).rejects.toThrow()
})

it('closes the connection when such a request fails', async () => {
  await using kafka = await startEmbeddedKafka({ warn: () => {} })
  using client = await connectRaw(kafka.bootstrapServers[0])
  await expect(produceTo(client, 'absent', batch, { acks: 0 })).rejects.toThrow('closed the connection')
})

it('refuses acknowledgement by all while too few replicas are up', async () => {
  await using kafka = await startEmbeddedKafka({ brokers: 2 })
  kafka.createTopic('orders', { configs: { 'min.insync.replicas': '2' } })
  using client = await connectRaw(kafka.bootstrapServers[0])
  expect(await produceTo(client, 'orders', batch)).toEqual([0])
  await kafka.stopBroker(1)
  expect(await produceTo(client, 'orders', batch)).toEqual([19])
  expect(await produceTo(client, 'orders', batch, { acks: 1 })).toEqual([0])
  await kafka.startBroker(1)
  expect(await produceTo(client, 'orders', batch)).toEqual([0])
})

it('forgets what groups committed for a topic that is deleted', async () => {
  await using kafka = await startEmbeddedKafka()
  kafka.createTopic('orders')
  using client = await connectRaw(kafka.bootstrapServers[0])
  const partitions = [{ partitionIndex: 0, committedOffset: 5n, committedMetadata: null }]
  await client.ask('OffsetCommit', 5, {
    groupId: 'g',
    generationIdOrMemberEpoch: -1,
    topics: [{ name: 'orders', partitions }],
  })
  expect(kafka.committed('g')).toHaveLength(1)
  await client.ask('DeleteTopics', 3, { topicNames: ['orders'], timeoutMs: 1_000 })
  kafka.createTopic('orders')
  expect(kafka.committed('g')).toEqual([])
})
