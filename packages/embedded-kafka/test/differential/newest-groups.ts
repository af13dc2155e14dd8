/** Groups and their offsets in the newest versions. */
import type { RawClient } from '../support/raw-client.ts'
import type { Scenario } from './session.ts'

const nobody = 'AAECAwQFBgcICQoLDA0ODw'

/** As a consumer writes it: version 0, the names of the topics, no user data. */
function subscription(topic: string): Buffer {
  const bytes = Buffer.alloc(2 + 4 + 2 + topic.length + 4)
  bytes.writeInt32BE(1, 2)
  bytes.writeInt16BE(topic.length, 6)
  bytes.write(topic, 8)
  return bytes
}

export const newestGroups: Scenario = async (session) => {
  const groupId = await session.findGroup('newest')
  const name = await session.createTopic('newest')
  const other = await session.createTopic('other')
  const topicId = await session.topicId(name)
  const client = await session.connect()
  const record = (what: string, ...asked: Parameters<RawClient['ask']>) => session.record(what, client.ask(...asked))

  await record('coordinators', 'FindCoordinator', 6, { keyType: 0, coordinatorKeys: [groupId, ''] })
  await record('no coordinators', 'FindCoordinator', 4, { keyType: 0, coordinatorKeys: [] })
  await record('a coordinator', 'FindCoordinator', 3, { key: groupId })
  await record('a coordinator of nothing', 'FindCoordinator', 3, { key: '' })
  await record('a coordinator of an unknown kind', 'FindCoordinator', 6, { keyType: 9, coordinatorKeys: [groupId] })
  await record('a coordinator of an unknown kind, alone', 'FindCoordinator', 3, { keyType: 9, key: groupId })
  for (const version of [5, 6])
    await record(`describe ${version}: none`, 'DescribeGroups', version, { groups: [groupId] })

  const wish = {
    groupId,
    memberId: '',
    groupInstanceId: null,
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: subscription(name) }],
    reason: 'because',
  }
  for (const version of [6, 7, 8, 9])
    await record(`join ${version} of an unknown id`, 'JoinGroup', version, { ...wish, memberId: 'x' })
  const { memberId } = await session.record('join 9', client.ask<{ memberId: string }>('JoinGroup', 9, wish))
  await record('join 9 again', 'JoinGroup', 9, { ...wish, memberId })
  const speaker = { groupId, memberId, generationId: 1, groupInstanceId: null }
  const assignments = [{ memberId, assignment: Buffer.from('all') }]
  await record('sync 5: another type', 'SyncGroup', 5, {
    ...speaker,
    assignments,
    protocolType: 'x',
    protocolName: null,
  })
  await record('sync 5: another name', 'SyncGroup', 5, {
    ...speaker,
    assignments,
    protocolName: 'x',
    protocolType: null,
  })
  await record('sync 5', 'SyncGroup', 5, { ...speaker, assignments, protocolType: 'consumer', protocolName: 'range' })
  await record('sync 4', 'SyncGroup', 4, speaker)
  await record('heartbeat', 'Heartbeat', 4, speaker)
  for (const version of [5, 6])
    await record(`describe ${version}`, 'DescribeGroups', version, {
      groups: [groupId],
      includeAuthorizedOperations: true,
    })

  const committing = { groupId, generationIdOrMemberEpoch: 1, memberId, groupInstanceId: null }
  const partitions = [{ committedOffset: 3n, committedMetadata: 'm', committedLeaderEpoch: 0 }]
  await record('commit by name', 'OffsetCommit', 9, { ...committing, topics: [{ name, partitions }] })
  await record('commit by id', 'OffsetCommit', 10, { ...committing, topics: [{ topicId, partitions }] })
  await record('commit by an id that nobody has', 'OffsetCommit', 10, {
    ...committing,
    topics: [{ topicId: nobody, partitions }],
  })
  await record('commit of nobody by an id that nobody has', 'OffsetCommit', 10, {
    ...committing,
    memberId: 'x',
    topics: [{ topicId: nobody, partitions }],
  })

  const asked = { groupId, memberId: null, memberEpoch: -1 }
  const named = [{ name, partitionIndexes: [0, 1] }]
  for (const version of [6, 7]) await record(`offsets ${version}`, 'OffsetFetch', version, { groupId, topics: named })
  for (const version of [8, 9])
    await record(`offsets ${version}`, 'OffsetFetch', version, {
      groups: [
        { ...asked, topics: named },
        { ...asked, groupId: `absent-${session.suffix}`, topics: named },
      ],
    })
  await record('offsets 10 by id', 'OffsetFetch', 10, {
    groups: [
      {
        ...asked,
        topics: [
          { topicId, partitionIndexes: [0, 1] },
          { topicId: nobody, partitionIndexes: [0] },
        ],
      },
    ],
  })
  for (const version of [8, 10]) await record(`offsets ${version} of no group`, 'OffsetFetch', version, { groups: [] })
  for (const version of [9, 10])
    await record(`all offsets ${version}`, 'OffsetFetch', version, { groups: [{ ...asked, topics: null }] })

  const mine = async (filters: object, version = 5) => {
    const { groups } = await client.ask<{ groups: { groupId: string }[] }>('ListGroups', version, filters)
    return { groups: groups.filter((group) => group.groupId === groupId) }
  }
  await session.record('list', mine({}))
  await session.record('list 4', mine({}, 4))
  await session.record('list stable', mine({ statesFilter: ['stable'] }))
  await session.record('list empty', mine({ statesFilter: ['Empty'] }))
  await session.record('list classic', mine({ typesFilter: ['Classic'] }))
  await session.record('list consumer', mine({ typesFilter: ['consumer'] }))

  const forget = (what: string, topic: string, over: object = {}) =>
    record(`forget: ${what}`, 'OffsetDelete', 0, {
      groupId,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
      ...over,
    })
  await forget('of an unknown group', name, { groupId: `absent-${session.suffix}` })
  await forget('a topic that is read', name)
  await forget('a topic that is not read', other)
  await forget('a topic that does not exist', `absent-${session.suffix}`)

  const member = { memberId, groupInstanceId: null, reason: 'done' }
  await record('leave', 'LeaveGroup', 5, { groupId, members: [member, { ...member, memberId: 'x' }] })
  await forget('once nobody reads it', name)
  await record('offsets after that', 'OffsetFetch', 9, { groups: [{ ...asked, topics: null }] })
  await record('describe 6, empty', 'DescribeGroups', 6, { groups: [groupId] })
  await record('delete', 'DeleteGroups', 2, { groupsNames: [groupId] })
}

/** A static leader that restarts is told to leave the assignment as it was. */
export const newestStaticLeader: Scenario = async (session) => {
  const groupId = await session.findGroup('newest-static')
  const client = await session.connect()
  const wish = {
    groupId,
    groupInstanceId: 'one',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('same') }],
  }
  const { memberId } = await session.record('join', client.ask<{ memberId: string }>('JoinGroup', 9, wish))
  await session.record(
    'sync',
    client.ask('SyncGroup', 5, {
      groupId,
      memberId,
      generationId: 1,
      groupInstanceId: 'one',
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId, assignment: Buffer.from('mine') }],
    }),
  )
  for (const version of [9, 8])
    await session.record(`join ${version} after a restart`, client.ask('JoinGroup', version, wish))
}
