/** Topics and their records in the newest versions, where topics go by id. */
import { errorCodes } from '../../src/protocol/error-codes.ts'
import { recordBatch } from '../support/record-batch.ts'
import { type Scenario, until } from './session.ts'

const nobody = 'AAECAwQFBgcICQoLDA0ODw'

/** Near now, or retention would remove the records, and the same for both clusters. */
const baseTimestamp = Date.now() - 60_000

export const newestTopics: Scenario = async (session) => {
  const client = await session.connect()
  const { suffix } = session
  const name = `newest-${suffix}`
  const wanted = { name, numPartitions: 2, replicationFactor: 1, configs: [{ name: 'retention.ms', value: '7000' }] }
  const create = (what: string, over: object, validateOnly = false) =>
    session.record(
      `create: ${what}`,
      client.ask('CreateTopics', 7, { topics: [{ ...wanted, ...over }], timeoutMs: 10_000, validateOnly }),
    )
  await create('only validated', {}, true)
  await create('a topic', {})
  await create('it again', {})
  await create('a wrong setting', { name: `wrong-${suffix}`, configs: [{ name: 'retention.ms', value: 'x' }] })
  await session.createTopic('ready', 2)

  const ready = `ready-${suffix}`
  const topicId = await session.topicId(ready)
  const metadata = (what: string, version: number, ...topics: object[]) =>
    session.record(
      `metadata ${version}: ${what}`,
      client.ask('Metadata', version, {
        topics,
        allowAutoTopicCreation: false,
        includeTopicAuthorizedOperations: true,
      }),
    )
  for (const version of [9, 10, 11, 12, 13]) await metadata('by name', version, { name: ready })
  for (const version of [10, 12, 13]) await metadata('by id', version, { name: null, topicId })
  await metadata('by an id that nobody has', 12, { name: null, topicId: nobody })
  await metadata('by a name that nobody has', 13, { name: `absent-${suffix}` })
  await metadata('by a name that is none', 13, { name: 'a b' })

  const describe = (what: string, over: object) =>
    session.record(
      `describe partitions: ${what}`,
      client.ask('DescribeTopicPartitions', 0, { topics: [{ name: ready }], responsePartitionLimit: 2000, ...over }),
    )
  await describe('a topic', {})
  await describe('two, of which one is not there', { topics: [{ name: ready }, { name: `absent-${suffix}` }] })
  await describe('one partition at a time', { responsePartitionLimit: 1 })
  await describe('the rest', { cursor: { topicName: ready, partitionIndex: 1 } })
  await describe('a name that is none', { topics: [{ name: 'a b' }] })

  for (const [endpointType, includeClusterAuthorizedOperations] of [
    [1, true],
    [1, false],
    [2, false],
    [9, false],
  ] as const)
    await session.record(
      `describe cluster: endpoints ${endpointType}`,
      client.ask('DescribeCluster', 2, { endpointType, includeClusterAuthorizedOperations }),
    )
  await session.record('reassignments', client.ask('ListPartitionReassignments', 0, { timeoutMs: 5_000, topics: null }))
  await session.record(
    'transactions',
    client.ask('ListTransactions', 2, { stateFilters: ['Ongoing', 'Nonsense'], transactionalIdPattern: null }),
  )

  const remove = (what: string, ...topics: object[]) =>
    session.record(`delete: ${what}`, client.ask('DeleteTopics', 6, { topics, timeoutMs: 10_000 }))
  await remove('by name', { name })
  await remove('by a name that nobody has', { name })
  await remove('by id', { topicId })
  await remove('by that id again', { topicId })
  await remove('by both', { topicId, name: ready })
  await remove('by nothing', {})
}

export const newestRecords: Scenario = async (session) => {
  const client = await session.connect()
  const name = await session.createTopic('by-id', 2)
  const topicId = await session.topicId(name)
  const sent = recordBatch([{ value: 'a', timestamp: baseTimestamp + 50 }, { value: 'b' }], { baseTimestamp })
  const produce = (version: number, topic: object, over: object = {}) =>
    session.record(
      `produce ${version}: ${JSON.stringify(over)}`,
      client.ask('Produce', version, {
        acks: -1,
        timeoutMs: 5_000,
        topicData: [{ ...topic, partitionData: [{ index: 0, records: [sent], ...over }] }],
      }),
    )
  for (const version of [9, 10, 11, 12]) await produce(version, { name })
  await produce(13, { topicId })
  await produce(13, { topicId: nobody })
  await produce(13, { topicId }, { index: 7 })
  await produce(13, { topicId }, { records: [recordBatch([{ value: 'x' }], { crc: 1 })] })

  const fetch = (what: string, version: number, topic: object, over: object = {}) =>
    session.record(
      `fetch ${version}: ${what}`,
      client.ask('Fetch', version, {
        maxWaitMs: 0,
        minBytes: 0,
        maxBytes: 100_000,
        topics: [{ ...topic, partitions: [{ fetchOffset: 0n, partitionMaxBytes: 100_000, ...over }] }],
      }),
    )
  await fetch('by name', 12, { topic: name })
  for (const version of [13, 15, 16, 17, 18]) await fetch('by id', version, { topicId })
  await fetch('an id that nobody has', 18, { topicId: nobody })
  await fetch('an unknown partition', 18, { topicId }, { partition: 7 })
  await fetch('beyond the end', 18, { topicId }, { fetchOffset: 99n })
  await fetch('a leader epoch to come', 18, { topicId }, { currentLeaderEpoch: 9 })

  const offsets = (version: number, timestamp: bigint, partitionIndex = 0) =>
    session.record(
      `offsets ${version}: ${timestamp} of ${partitionIndex}`,
      client.ask('ListOffsets', version, {
        replicaId: -1,
        topics: [{ name, partitions: [{ partitionIndex, timestamp }] }],
        timeoutMs: 5_000,
      }),
    )
  for (const timestamp of [-1n, -2n, -3n, -4n, -5n, -6n, -7n]) {
    await offsets(11, timestamp)
    await offsets(11, timestamp, 1)
    await offsets(6, timestamp)
  }
  await offsets(10, -6n)
  await offsets(9, -5n)

  for (const leaderEpoch of [0, 1, -1])
    await session.record(
      `end of leader epoch ${leaderEpoch}`,
      client.ask('OffsetForLeaderEpoch', 4, {
        topics: [{ topic: name, partitions: [{ partition: 0, leaderEpoch }] }],
      }),
    )
  await session.record(
    'producers',
    client.ask('DescribeProducers', 0, { topics: [{ name, partitionIndexes: [0, 1, 7] }] }),
  )
  const initProducerId = (over: object = {}) =>
    client.ask<{ errorCode: number }>('InitProducerId', 5, {
      transactionalId: null,
      transactionTimeoutMs: 60_000,
      ...over,
    })
  // The first id of all takes a real cluster a moment.
  await until(async () => (await initProducerId()).errorCode === errorCodes.NONE)
  await session.record('an id', initProducerId())
  await session.record('an id for half of one', initProducerId({ producerEpoch: 3 }))
  await session.record('an id for another', initProducerId({ producerId: 77n, producerEpoch: 3 }))
  await session.record(
    'delete records',
    client.ask('DeleteRecords', 2, { topics: [{ name, partitions: [{ offset: 3n }] }], timeoutMs: 5_000 }),
  )
  for (const timestamp of [-1n, -2n, -4n]) await offsets(11, timestamp)
}
