import { recordBatch } from '../support/record-batch.ts'
import type { Scenario } from './session.ts'

const baseTimestamp = Date.now() - 60_000

export const fetching: Scenario = async (session) => {
  const client = await session.connect()
  const topic = await session.createTopic('fetched', 2)
  const append = async (index: number, count: number, second: number) => {
    const sent = recordBatch(
      Array.from({ length: count }, (_, record) => ({
        value: `${record}`.repeat(100),
        timestamp: baseTimestamp + second * 1_000 + record,
      })),
      { baseTimestamp: baseTimestamp + second * 1_000 },
    )
    await client.ask('Produce', 7, {
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index, records: [sent] }] }],
    })
  }
  for (let second = 0; second < 5; second++) await append(0, 3, second)
  await append(1, 1, 0)

  const fetch = (what: string, partition: object, over: { version?: number } & Record<string, unknown> = {}) => {
    const { version = 11, ...rest } = over
    const partitions = [
      { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, partitionMaxBytes: 100_000, ...partition },
    ]
    const request = {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 1,
      maxBytes: 100_000,
      sessionEpoch: -1,
      topics: [{ topic, partitions }],
      ...rest,
    }
    return session.record(`fetch: ${what}`, client.ask('Fetch', version, request))
  }
  for (const version of [4, 5, 7, 9, 11]) await fetch(`version ${version}`, {}, { version })
  await fetch('read committed', {}, { isolationLevel: 1 })
  await fetch('from the middle of a batch', { fetchOffset: 4n })
  await fetch('at the end', { fetchOffset: 15n })
  await fetch('beyond the end', { fetchOffset: 16n })
  await fetch('before the beginning', { fetchOffset: -1n })
  await fetch('an unknown partition', { partition: 9 })
  await fetch(
    'an unknown topic',
    {},
    {
      topics: [
        {
          topic: `absent-${session.suffix}`,
          partitions: [{ partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, partitionMaxBytes: 100 }],
        },
      ],
    },
  )
  await fetch('the right leader epoch', { currentLeaderEpoch: 0 })
  await fetch('a later leader epoch', { currentLeaderEpoch: 5 })
  await fetch('one byte', { partitionMaxBytes: 1 })
  await fetch('one byte in all', {}, { maxBytes: 1 })
  await fetch('a session that nobody began', {}, { sessionId: 77, sessionEpoch: 3 })
  await fetch('more than there is, without waiting', { fetchOffset: 0n }, { minBytes: 90_000 })
  await fetch('more than there is, waiting a little', { fetchOffset: 12n }, { minBytes: 90_000, maxWaitMs: 50 })

  const list = (
    what: string,
    timestamp: bigint,
    over: { version?: number; partition?: number; epoch?: number } = {},
  ) => {
    const { version = 5, partition = 0, epoch = -1 } = over
    const partitions = [{ partitionIndex: partition, currentLeaderEpoch: epoch, timestamp }]
    return session.record(
      `offsets: ${what}`,
      client.ask('ListOffsets', version, { replicaId: -1, isolationLevel: 0, topics: [{ name: topic, partitions }] }),
    )
  }
  for (const version of [1, 2, 3, 4, 5]) await list(`latest, version ${version}`, -1n, { version })
  await list('earliest', -2n)
  await list('an unknown partition', -1n, { partition: 9 })
  await list('a later leader epoch', -1n, { epoch: 5 })
  await list('time 0', 0n)
  // The times differ from run to run, so only whether the right offset is found is compared.
  for (const [what, at] of [
    ['a time between records', 2_500],
    ['the time of a record', 1_001],
    ['after all', 99_999],
  ] as const) {
    const partitions = [{ partitionIndex: 0, currentLeaderEpoch: -1, timestamp: BigInt(baseTimestamp + at) }]
    await session.record(
      `offsets: ${what}`,
      client.ask('ListOffsets', 5, { replicaId: -1, topics: [{ name: topic, partitions }] }),
    )
  }

  const latest = { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: -1n }
  await session.record(
    'offsets: the same partition twice',
    client.ask('ListOffsets', 5, { replicaId: -1, topics: [{ name: topic, partitions: [latest, latest] }] }),
  )
  const first = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, partitionMaxBytes: 100_000 }
  await session.record(
    'fetch: the same partition twice',
    client.ask('Fetch', 11, {
      replicaId: -1,
      maxWaitMs: 0,
      minBytes: 0,
      maxBytes: 1_000_000,
      sessionEpoch: -1,
      topics: [{ topic, partitions: [first, { ...first, fetchOffset: 12n }] }],
    }),
  )

  const remove = (what: string, offset: bigint, partitionIndex = 0) =>
    session.record(
      `delete records: ${what}`,
      client.ask('DeleteRecords', 1, {
        topics: [{ name: topic, partitions: [{ partitionIndex, offset }] }],
        timeoutMs: 5_000,
      }),
    )
  await remove('up to the middle of a batch', 4n)
  await fetch('below the new beginning', { fetchOffset: 3n })
  await fetch('at the new beginning', { fetchOffset: 4n })
  await list('earliest after that', -2n)
  await list('time 0 after that', 0n)
  await remove('what is gone already', 2n)
  await remove('beyond the end', 99n)
  await remove('minus two', -2n)
  await remove('an unknown partition', 0n, 9)
  await remove('everything', -1n)
  await list('earliest at the end', -2n)
  await fetch('nothing left', { fetchOffset: 15n })
}
