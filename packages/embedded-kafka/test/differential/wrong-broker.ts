import { recordBatch } from '../support/record-batch.ts'
import type { Scenario } from './session.ts'

/** Requests to a broker that does not lead the partition, or does not coordinate the group. */
export const wrongBroker: Scenario = async (session) => {
  const topic = await session.createTopic('led', 1)
  const groupId = await session.findGroup('coordinated')
  const addresses = await session.brokers()
  const other = async (rightId: number | undefined) => {
    const [, address] = [...addresses].find(([id]) => id !== rightId) ?? []
    return session.connect(address)
  }

  const follower = await other((await session.leaders(topic))[0])
  const sent = recordBatch([{ value: 'x' }], { baseTimestamp: Date.now() })
  const partition = { partition: 0, currentLeaderEpoch: -1, fetchOffset: 0n, partitionMaxBytes: 1_000 }
  await session.record(
    'produce',
    follower.ask('Produce', 8, {
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ name: topic, partitionData: [{ index: 0, records: [sent] }] }],
    }),
  )
  await session.record(
    'list offsets',
    follower.ask('ListOffsets', 5, {
      replicaId: -1,
      topics: [{ name: topic, partitions: [{ timestamp: -1n, currentLeaderEpoch: -1 }] }],
    }),
  )
  await session.record(
    'fetch',
    follower.ask('Fetch', 11, {
      replicaId: -1,
      maxBytes: 1_000,
      sessionEpoch: -1,
      topics: [{ topic, partitions: [partition] }],
    }),
  )
  await session.record(
    'delete records',
    follower.ask('DeleteRecords', 1, { topics: [{ name: topic, partitions: [{ offset: 0n }] }], timeoutMs: 5_000 }),
  )

  const topicId = await session.topicId(topic)
  await session.record(
    'produce, newest',
    follower.ask('Produce', 13, {
      acks: -1,
      timeoutMs: 5_000,
      topicData: [{ topicId, partitionData: [{ index: 0, records: [sent] }] }],
    }),
  )
  await session.record(
    'fetch, newest',
    follower.ask('Fetch', 18, { maxBytes: 1_000, topics: [{ topicId, partitions: [partition] }] }),
  )

  const stranger = await other(await session.coordinator(groupId))
  const speaker = { groupId, memberId: 'm', generationId: 1, groupInstanceId: null }
  const committed = [
    { name: topic, partitions: [{ committedOffset: 1n, committedMetadata: null, committedLeaderEpoch: -1 }] },
  ]
  await session.record(
    'join',
    stranger.ask('JoinGroup', 5, {
      groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
    }),
  )
  await session.record('sync', stranger.ask('SyncGroup', 3, speaker))
  await session.record('heartbeat', stranger.ask('Heartbeat', 3, speaker))
  await session.record(
    'leave',
    stranger.ask('LeaveGroup', 3, { groupId, members: [{ memberId: 'm', groupInstanceId: null }] }),
  )
  await session.record('leave, old', stranger.ask('LeaveGroup', 1, { groupId, memberId: 'm' }))
  await session.record(
    'commit',
    stranger.ask('OffsetCommit', 7, { ...speaker, generationIdOrMemberEpoch: -1, topics: committed }),
  )
  const asked = [{ name: topic, partitionIndexes: [0] }]
  for (const version of [1, 3, 5])
    await session.record(`offsets ${version}`, stranger.ask('OffsetFetch', version, { groupId, topics: asked }))
  const groups = [{ groupId, topics: asked }]
  for (const version of [8, 9])
    await session.record(`offsets ${version}`, stranger.ask('OffsetFetch', version, { groups }))
  await session.record('all offsets', stranger.ask('OffsetFetch', 5, { groupId, topics: null }))
  await session.record('describe', stranger.ask('DescribeGroups', 4, { groups: [groupId] }))
  await session.record('delete', stranger.ask('DeleteGroups', 1, { groupsNames: [groupId] }))
}
