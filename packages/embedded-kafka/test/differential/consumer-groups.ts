/** The newer group protocol: everything that a coordinator can be told, and what it says then. */
import type { RawClient } from '../support/raw-client.ts'
import { type BeatAnswer, Beats, joining } from './beats.ts'
import { type Scenario, until } from './session.ts'

export const consumerGroup: Scenario = async (session) => {
  const client = await session.connect()
  const beats = await Beats.of(session, client, 'consumer')
  const name = await beats.createTopic('consumer', 4)
  const topicId = await session.topicId(name)
  const a = { memberId: `a-${session.suffix}` }
  const b = { memberId: `b-${session.suffix}` }
  const subscribed = { subscribedTopicNames: [name] }
  const owns = (...partitions: number[]) => ({ topicPartitions: [{ topicId, partitions }] })

  await beats.describe('describe: none')
  await beats.record('beat of an unknown group', { ...a, memberEpoch: 1 })
  await beats.record('leave of an unknown group', { ...a, memberEpoch: -1 })

  await beats.record('join', { ...a, ...joining, ...subscribed })
  await beats.record('beat', a)
  await beats.record('beat with what it has', { ...a, ...owns(0, 1, 2, 3) })
  await beats.record('full beat', { ...a, rebalanceTimeoutMs: 60_000, ...subscribed, ...owns(0, 1, 2, 3) })
  await beats.describe('describe: one')
  await beats.unsettle({ ...b, ...joining, ...subscribed })
  await beats.record('another joined and waits', b)
  await beats.describe('describe: reconciling')
  const before = beats.epochOf(a.memberId)
  const told = await beats.record('the first is told to give back', a)
  const kept = told.assignment?.topicPartitions[0]?.partitions ?? []
  await beats.record('and has not yet', { ...a, ...owns(0, 1, 2, 3) })
  await beats.describe('describe: giving back')
  await beats.record('the other still waits', b)
  await beats.record('the first gives back', { ...a, ...owns(...kept) })
  await beats.record('its answer was lost', { ...a, memberEpoch: before, ...owns(...kept) })
  await beats.record('an epoch before, without what it owns', { ...a, memberEpoch: before })
  await beats.record('an epoch before, with what it does not own', { ...a, memberEpoch: before, ...owns(0, 1, 2, 3) })
  await beats.record('the other gets it', b)
  await beats.describe('describe: stable')
  await beats.record('an epoch to come', { ...a, memberEpoch: 9 })
  await beats.record('an unknown member', { memberId: 'x', memberEpoch: 2 })
  await beats.record('join again', { ...a, ...joining, ...subscribed })

  await beats.unsettle({ ...b, subscribedTopicNames: [`absent-${session.suffix}`] })
  await beats.record('the other wants other topics', b)
  await beats.record('and has given all back', { ...b, topicPartitions: [] })
  await beats.record('the first has all again', a)
  await beats.record('the other leaves', { ...b, memberEpoch: -1 })
  await beats.describe('describe: after that')
  await beats.unsettle(a)
  await beats.record('the first goes on', a)
  await beats.record('the first leaves', { ...a, memberEpoch: -1 })
  await beats.describe('describe: empty')
  await beats.record('it left already', { ...a, memberEpoch: -1 })
}

/** A topic grows, another is made, one is deleted; a member reads by regular expression. */
export const consumerGroupTopics: Scenario = async (session) => {
  const client = await session.connect()
  const beats = await Beats.of(session, client, 'changing')
  const first = await session.createTopic('changing-a', 1)
  const a = { memberId: 'a' }
  const settled = async (count: number) => {
    let owned: BeatAnswer['assignment'] = null
    await until(async () => {
      owned = (
        await beats.ask({
          ...a,
          rebalanceTimeoutMs: 60_000,
          subscribedTopicRegex: `changing-.-${session.suffix}`,
          topicPartitions: owned?.topicPartitions ?? [],
        })
      ).assignment
      const isOwned = (owned?.topicPartitions ?? []).flatMap(({ partitions }) => partitions).length === count
      return isOwned && (await beats.state()) === 'Stable'
    })
  }
  const parts = async (what: string) => session.record(what, Promise.resolve({ state: await beats.state() }))
  await beats.ask({ ...a, ...joining, subscribedTopicRegex: `changing-.-${session.suffix}` })
  await settled(1)
  await parts('one partition')
  await client.ask('CreatePartitions', 3, {
    topics: [{ name: first, count: 3, assignments: null }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  await settled(3)
  await parts('three partitions')
  await client.ask('DeleteTopics', 4, { topicNames: [first], timeoutMs: 10_000 })
  await settled(0)
  await parts('none')
}

export const consumerGroupRefusals: Scenario = async (session) => {
  const client = await session.connect()
  const beats = await Beats.of(session, client, 'refusals')
  const beat = beats.record.bind(beats)
  const wish = { memberId: 'm', ...joining, subscribedTopicNames: [] }
  await beat('no id', { ...wish, memberId: '' })
  await beat('blank instance', { ...wish, instanceId: ' ' })
  await beat('blank rack', { ...wish, rackId: '' })
  await beat('no timeout', { ...wish, rebalanceTimeoutMs: -1 })
  await beat('no partitions', { ...wish, topicPartitions: null })
  await beat('partitions', { ...wish, topicPartitions: [{ topicId: 'AAECAwQFBgcICQoLDA0ODw', partitions: [0] }] })
  await beat('no subscription', { ...wish, subscribedTopicNames: null })
  await beat('for now, without an instance', { memberId: 'm', memberEpoch: -2 })
  await beat('epoch -3', { memberId: 'm', memberEpoch: -3 })
  await beat('unknown assignor', { ...wish, serverAssignor: 'sticky' })
  await beat('no group', { ...wish, groupId: '' })
  await beat('no regular expression', { ...wish, subscribedTopicRegex: '(' })
  await beat('no topics', wish)
  await session.record(
    'version 0 without an id',
    client.ask('ConsumerGroupHeartbeat', 0, { ...wish, groupId: beats.groupId, memberId: '' }),
  )
}

export const consumerGroupStatic: Scenario = async (session) => {
  const client = await session.connect()
  const beats = await Beats.of(session, client, 'static')
  const name = await beats.createTopic('static', 2)
  const topicId = await session.topicId(name)
  const wish = { ...joining, subscribedTopicNames: [name], rackId: 'r', serverAssignor: 'range' }
  const first = { memberId: 'first', instanceId: 'one' }
  const second = { memberId: 'second', instanceId: 'one' }
  await beats.record('join', { ...wish, ...first })
  await beats.record('join while it is in use', { ...wish, ...second })
  await beats.record('beat under a wrong id', { ...second, memberEpoch: 1 })
  await beats.record('beat of an unknown instance', { ...first, instanceId: 'two' })
  await beats.record('without the instance', { memberId: 'first' })
  await beats.record('leave for now under a wrong id', { ...second, memberEpoch: -2 })
  await beats.record('leave for now', { ...first, memberEpoch: -2 })
  await beats.describe('describe: away', 0)
  await beats.record('beat while away', { ...first, memberEpoch: 2 })
  await beats.record('back', { ...wish, ...second })
  await beats.record('beat', { ...second, topicPartitions: [{ topicId, partitions: [0, 1] }] })
  await beats.describe('describe: back', 0)
  const leave = (what: string, memberId: string, groupInstanceId: string | null) =>
    session.record(
      what,
      client.ask('LeaveGroup', 5, { groupId: beats.groupId, members: [{ memberId, groupInstanceId, reason: null }] }),
    )
  await leave('removed under a wrong id', 'first', 'one')
  await leave('an unknown instance is removed', '', 'two')
  await leave('removed by an administrator', '', 'one')
  await beats.describe('describe: empty', 0)
}

/** Offsets, and what the older APIs say of a group of the newer protocol. */
export const consumerGroupOffsets: Scenario = async (session) => {
  const client = await session.connect()
  const beats = await Beats.of(session, client, 'fenced')
  const { groupId } = beats
  const name = await beats.createTopic('fenced', 2)
  const other = await session.createTopic('unread', 1)
  const topicId = await session.topicId(name)
  const record = (what: string, ...asked: Parameters<RawClient['ask']>) => session.record(what, client.ask(...asked))
  const a = { memberId: 'a' }
  const b = { memberId: 'b' }
  const partition = { committedOffset: 3n, committedMetadata: 'm', committedLeaderEpoch: 0 }
  const partitions = [
    { ...partition, partitionIndex: 0 },
    { ...partition, partitionIndex: 1 },
  ]
  const commit = (what: string, memberId: string, epoch: number, version = 9, which = partitions) =>
    record(`commit: ${what}`, 'OffsetCommit', version, {
      groupId,
      memberId,
      generationIdOrMemberEpoch: epoch,
      groupInstanceId: null,
      topics: [{ name, topicId, partitions: which }],
    })
  const fetch = (what: string, memberId: string | null, memberEpoch: number, version = 9) =>
    record(`fetch: ${what}`, 'OffsetFetch', version, {
      groupId,
      groups: [{ groupId, memberId, memberEpoch, topics: [{ name, topicId, partitionIndexes: [0, 1] }] }],
    })

  await commit('of no group', 'a', 1)
  await commit('of no group, by an older client', 'a', 1, 8)
  await fetch('of no group', 'a', 1)
  await beats.record('join', { ...a, ...joining, subscribedTopicNames: [name] })
  await commit('in time', 'a', beats.epochOf('a'))
  for (const version of [8, 10]) await commit(`in version ${version}`, 'a', beats.epochOf('a'), version)
  await commit('by nobody', '', -1)
  await commit('by nobody, in version 8', '', -1, 8)
  await commit('by an unknown member', 'x', 1)
  await commit('of an epoch to come', 'a', 9)
  await commit('of an epoch before', 'a', 1)
  await fetch('in time', 'a', beats.epochOf('a'))
  await fetch('in version 10', 'a', beats.epochOf('a'), 10)
  await fetch('by anybody', null, -1)
  await fetch('by anybody, in version 8', null, -1, 8)
  await fetch('of an epoch to come', 'a', 9)
  await fetch('by an unknown member', 'x', 1)
  await fetch('without an epoch', 'a', -1)

  await beats.unsettle({ ...b, ...joining, subscribedTopicNames: [name] })
  await beats.record('another joined', b)
  const before = beats.epochOf('a')
  await beats.record('the first is told', a)
  await commit('of what it gives back', 'a', beats.epochOf('a'))
  await beats.record('the first gives back', { ...a, topicPartitions: [{ topicId, partitions: [0] }] })
  for (const version of [9, 10])
    await commit(`in version ${version}, of an epoch before, what is no longer its own too`, 'a', before, version)
  for (const version of [9, 10])
    await commit(
      `in version ${version}, of an epoch before, what it kept`,
      'a',
      before,
      version,
      partitions.slice(0, 1),
    )
  await beats.record('the other gets it', b)
  await commit('of the other', 'b', beats.epochOf('b'))

  for (const version of [5, 6])
    await record(`describe ${version} as classic`, 'DescribeGroups', version, { groups: [groupId] })
  const mine = async (filters: object) => {
    const { groups } = await client.ask<{ groups: { groupId: string }[] }>('ListGroups', 5, filters)
    return { groups: groups.filter((group) => group.groupId === groupId) }
  }
  await session.record('list', mine({}))
  await session.record('list consumer', mine({ typesFilter: ['Consumer'], statesFilter: ['stable'] }))
  await session.record('list classic', mine({ typesFilter: ['classic'] }))
  await record('classic heartbeat', 'Heartbeat', 4, { groupId, generationId: 2, memberId: 'a', groupInstanceId: null })
  await record('classic sync', 'SyncGroup', 5, {
    groupId,
    generationId: 2,
    memberId: 'a',
    groupInstanceId: null,
    protocolType: null,
    protocolName: null,
  })
  const forget = (what: string, topic: string) =>
    record(`forget: ${what}`, 'OffsetDelete', 0, {
      groupId,
      topics: [{ name: topic, partitions: [{ partitionIndex: 0 }] }],
    })
  await forget('a topic that is read', name)
  await forget('a topic that is not read', other)
  await record('delete while in use', 'DeleteGroups', 2, { groupsNames: [groupId] })
  await record('the first leaves by the classic API', 'LeaveGroup', 5, {
    groupId,
    members: [{ ...a, groupInstanceId: null, reason: null }],
  })
  await beats.record('the other leaves', { ...b, memberEpoch: -1 })
  await forget('once nobody reads it', name)
  await commit('by nobody, to an empty group', '', -1)
  await fetch('by a member that left', 'a', 2)
  await session.record('list empty', mine({}))

  const wish = {
    groupId,
    groupInstanceId: 'i',
    memberId: '',
    sessionTimeoutMs: 10_000,
    rebalanceTimeoutMs: 10_000,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: Buffer.from('same') }],
  }
  const { memberId } = await session.record(
    'a classic member joins',
    client.ask<{ memberId: string }>('JoinGroup', 9, wish),
  )
  await session.record('list classic now', mine({}))
  await fetch('its offsets are still there', null, -1)
  await record('describe as a consumer group', 'ConsumerGroupDescribe', 1, { groupIds: [groupId] })
  await record('the classic member leaves', 'LeaveGroup', 5, {
    groupId,
    members: [{ memberId, groupInstanceId: 'i', reason: null }],
  })
  await beats.record('beat of a classic group', { ...a, memberEpoch: 1 })
  await beats.record('a new member joins', { ...a, ...joining, subscribedTopicNames: [name] })
  await fetch('and has its offsets', 'a', beats.epochOf('a'))
  await beats.record('it leaves', { ...a, memberEpoch: -1 })
  await record('delete', 'DeleteGroups', 2, { groupsNames: [groupId] })
}
