/** Offsets that a transaction wants to commit, beside those that are committed without one. */
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { connectRaw } from './support/raw-client.ts'
import { TransactionalProducer } from './support/transactional-producer.ts'

const topic = 'orders'

async function setUp() {
  const kafka = await startEmbeddedKafka()
  kafka.createTopic(topic)
  const offset = () => kafka.committed('g').map(({ nextOffset }) => nextOffset)
  return { kafka, offset, [Symbol.asyncDispose]: () => kafka.close() }
}

it('a transaction does not take back what was committed after it had written its offset', async () => {
  await using ready = await setUp()
  const { kafka, offset } = ready
  using producer = await TransactionalProducer.begin(kafka, { topic })
  await producer.commitOffset('g', 7n)
  await commit(kafka, { groupId: 'g', topic, nextOffset: 3n })
  expect(await producer.end(true)).toBe(0)
  expect(offset()).toEqual([3n])

  await producer.commitOffset('g', 2n)
  expect(await producer.end(true)).toBe(0)
  expect(offset()).toEqual([2n])
})

it('the transaction that wrote its offset last wins, whichever ends last', async () => {
  await using ready = await setUp()
  const { kafka, offset } = ready
  using first = await TransactionalProducer.begin(kafka, { topic, transactionalId: 'first' })
  using last = await TransactionalProducer.begin(kafka, { topic, transactionalId: 'last' })
  await first.commitOffset('g', 1n)
  await last.commitOffset('g', 2n)
  expect(await last.end(true)).toBe(0)
  expect(await first.end(true)).toBe(0)
  expect(offset()).toEqual([2n])
})

it.each([
  ['x'.repeat(4_097), 12],
  ['é'.repeat(4_096), 0],
])(
  'metadata is measured in characters, after the partition and the generation are looked at',
  async (metadata, error) => {
    await using ready = await setUp()
    const { kafka } = ready
    using client = await connectRaw(kafka.bootstrapServers[0])
    const partitions = [
      { partitionIndex: 0, committedOffset: 1n, committedMetadata: metadata },
      { partitionIndex: 9, committedOffset: 1n, committedMetadata: metadata },
    ]
    const ask = (generationIdOrMemberEpoch: number) =>
      client.ask('OffsetCommit', 5, { groupId: 'g', generationIdOrMemberEpoch, topics: [{ name: topic, partitions }] })
    expect(await ask(1)).toMatchObject({ topics: [{ partitions: [{ errorCode: 22 }, { errorCode: 3 }] }] })
    expect(await ask(-1)).toMatchObject({ topics: [{ partitions: [{ errorCode: error }, { errorCode: 3 }] }] })
  },
)

it('an offset for a partition that does not exist begins no transaction', async () => {
  await using ready = await setUp()
  const { kafka } = ready
  using producer = await TransactionalProducer.begin(kafka, { topic: 'absent' })
  await producer.commitOffset('g', 7n)
  expect(kafka.transaction('tx')).toMatchObject({ state: 'Empty' })
})
