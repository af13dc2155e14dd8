import type { RawClient } from '../support/raw-client.ts'
import type { Scenario, Session } from './session.ts'

interface Joined {
  errorCode: number
  memberId: string
  generationId: number
  leader: string
  members: { memberId: string }[]
}

/** The requests of one member on a connection of its own. */
class TestMember {
  readonly client: RawClient
  readonly #groupId: string
  memberId = ''
  generationId = -1

  constructor(client: RawClient, groupId: string) {
    this.client = client
    this.#groupId = groupId
  }

  async join(over: Record<string, unknown> = {}, version = 5): Promise<Joined> {
    const answer = await this.client.ask<Joined>('JoinGroup', version, {
      groupId: this.#groupId,
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      memberId: this.memberId,
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: Buffer.from('all') }],
      ...over,
    })
    if (answer.errorCode === 0 || answer.errorCode === 79) this.memberId = answer.memberId
    if (answer.errorCode === 0) this.generationId = answer.generationId
    return answer
  }

  sync(assignments: object[] = [], over: object = {}) {
    return this.client.ask('SyncGroup', 3, { ...this.#speaker(), assignments, ...over })
  }

  heartbeat(over: object = {}) {
    return this.client.ask('Heartbeat', 3, { ...this.#speaker(), ...over })
  }

  leave(memberId = this.memberId) {
    return this.client.ask('LeaveGroup', 3, { groupId: this.#groupId, members: [{ memberId, groupInstanceId: null }] })
  }

  commit(
    topic: string,
    committedOffset: bigint,
    over: { metadata?: string | null; partition?: number } & Record<string, unknown> = {},
  ) {
    const { metadata = null, partition = 0, ...rest } = over
    return this.client.ask('OffsetCommit', 7, {
      groupId: this.#groupId,
      memberId: this.memberId,
      generationIdOrMemberEpoch: this.generationId,
      groupInstanceId: null,
      topics: [
        {
          name: topic,
          partitions: [
            { partitionIndex: partition, committedOffset, committedLeaderEpoch: -1, committedMetadata: metadata },
          ],
        },
      ],
      ...rest,
    })
  }

  #speaker() {
    return { groupId: this.#groupId, memberId: this.memberId, generationId: this.generationId, groupInstanceId: null }
  }
}

function describe(session: Session, client: RawClient, groupId: string) {
  return session.record('describe', client.ask('DescribeGroups', 4, { groups: [groupId] }))
}

/** Waits until the group is in that state, as both brokers call it. */
async function untilState(client: RawClient, groupId: string, state: string): Promise<void> {
  for (;;) {
    const { groups } = await client.ask<{ groups: { groupState: string }[] }>('DescribeGroups', 4, {
      groups: [groupId],
    })
    if (groups[0]?.groupState === state) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

export const oneMember: Scenario = async (session) => {
  const groupId = await session.findGroup('alone')
  const topic = await session.createTopic('alone', 2)
  const member = new TestMember(await session.connect(), groupId)
  const { client } = member
  await describe(session, client, groupId)
  await session.record('heartbeat of nobody', member.heartbeat({ memberId: 'x', generationId: 0 }))
  await session.record('sync of nobody', member.sync([], { memberId: 'x', generationId: 0 }))
  await session.record('leave of nobody', member.leave('x'))
  await session.record('commit of nobody', member.commit(topic, 1n, { memberId: 'x', generationIdOrMemberEpoch: 0 }))
  await session.record('join as a stranger', member.join({ memberId: 'stranger' }))
  await session.record('join without a group', member.join({ groupId: '' }))
  await session.record('join with a short session', member.join({ sessionTimeoutMs: 10 }))
  await session.record('join with a long session', member.join({ sessionTimeoutMs: 10_000_000 }))
  await session.record('join without protocols', member.join({ protocols: [] }))
  await session.record('join without a protocol type', member.join({ protocolType: '' }))
  await session.record('join without an id', member.join())
  await session.record('join with the id', member.join())
  await describe(session, client, groupId)
  await session.record('commit before sync', member.commit(topic, 1n))
  await session.record(
    'commit of the old generation before sync',
    member.commit(topic, 1n, { generationIdOrMemberEpoch: 0 }),
  )
  await session.record('heartbeat before sync', member.heartbeat())
  await session.record('sync', member.sync([{ memberId: member.memberId, assignment: Buffer.from('everything') }]))
  await session.record('sync again', member.sync())
  await session.record('sync of another generation', member.sync([], { generationId: 99 }))
  await describe(session, client, groupId)
  await session.record('heartbeat', member.heartbeat())
  await session.record('heartbeat of an old generation', member.heartbeat({ generationId: 0 }))
  await session.record('heartbeat of a stranger', member.heartbeat({ memberId: 'stranger' }))
  await session.record('heartbeat with an instance id', member.heartbeat({ groupInstanceId: 'unknown' }))

  await session.record('commit', member.commit(topic, 5n, { metadata: 'mine' }))
  await session.record('commit backwards', member.commit(topic, 2n))
  await session.record('commit beyond the end', member.commit(topic, 1_000n))
  await session.record('commit a negative offset', member.commit(topic, -5n))
  await session.record('commit for an unknown partition', member.commit(topic, 1n, { partition: 9 }))
  await session.record('commit for an unknown topic', member.commit(`absent-${session.suffix}`, 1n))
  await session.record('commit of an old generation', member.commit(topic, 1n, { generationIdOrMemberEpoch: 0 }))
  await session.record('commit of a later generation', member.commit(topic, 1n, { generationIdOrMemberEpoch: 9 }))
  await session.record('commit of a stranger', member.commit(topic, 1n, { memberId: 'stranger' }))
  await session.record('commit from outside', member.commit(topic, 1n, { memberId: '', generationIdOrMemberEpoch: -1 }))
  await session.record(
    'commit with a member id from outside',
    member.commit(topic, 1n, { generationIdOrMemberEpoch: -1 }),
  )
  await session.record('commit with 4,096 bytes', member.commit(topic, 7n, { metadata: 'x'.repeat(4_096) }))
  await session.record(
    'commit with 4,097 bytes',
    member.commit(topic, 8n, { partition: 1, metadata: 'x'.repeat(4_097) }),
  )
  const fetchOffsets = (what: string, version: number, topics: object[] | null) =>
    session.record(`offsets: ${what}`, client.ask('OffsetFetch', version, { groupId, topics }))
  for (const version of [1, 3, 4, 5])
    await fetchOffsets(`version ${version}`, version, [{ name: topic, partitionIndexes: [0, 1, 9] }])
  await fetchOffsets('all', 5, null)
  await fetchOffsets('an unknown topic', 5, [{ name: `absent-${session.suffix}`, partitionIndexes: [0] }])

  await session.record('delete while somebody is in it', client.ask('DeleteGroups', 1, { groupsNames: [groupId] }))
  await session.record('leave', member.leave())
  await session.record('leave again', member.leave())
  await session.record('heartbeat after leaving', member.heartbeat())
  await describe(session, client, groupId)
  await session.record('commit after leaving', member.commit(topic, 3n))
  await session.record(
    'commit from outside when empty',
    member.commit(topic, 4n, { memberId: '', generationIdOrMemberEpoch: -1 }),
  )
  await fetchOffsets('at the end', 5, null)
  await session.record(
    'delete',
    client.ask('DeleteGroups', 1, { groupsNames: [groupId, `absent-${session.suffix}`, ''] }),
  )
  await describe(session, client, groupId)
}

export const twoMembers: Scenario = async (session) => {
  const groupId = await session.findGroup('pair')
  const topic = await session.createTopic('pair')
  const observer = await session.connect()
  const [first, second] = [
    new TestMember(await session.connect(), groupId),
    new TestMember(await session.connect(), groupId),
  ]
  const share = () => [first, second].map(({ memberId }) => ({ memberId, assignment: Buffer.from('share') }))
  const old = {
    protocols: [
      { name: 'range', metadata: Buffer.from('all') },
      { name: 'sticky', metadata: Buffer.from('s') },
    ],
  }
  await first.join(old)
  await session.record('the first joins', first.join(old))
  await first.sync([{ memberId: first.memberId, assignment: Buffer.from('all') }])

  await session.record(
    'another with foreign protocols',
    second.join({ protocols: [{ name: 'foreign', metadata: Buffer.alloc(0) }] }),
  )
  await session.record('another of a foreign type', second.join({ protocolType: 'connect' }))
  await session.record('the second asks for an id', second.join())
  const secondJoins = second.join()
  await untilState(observer, groupId, 'PreparingRebalance')
  await session.record('heartbeat while it is prepared', first.heartbeat())
  await session.record('commit while it is prepared', first.commit(topic, 1n))
  await session.record('sync while it is prepared', first.sync())
  await describe(session, observer, groupId)
  await session.record('the first joins again', first.join(old))
  await session.record('the second joined', secondJoins)
  await session.record('commit of the old generation', first.commit(topic, 2n, { generationIdOrMemberEpoch: 1 }))
  await session.record('commit of the new one before sync', first.commit(topic, 2n))
  await session.record('the second joins again, missing its answer', second.join())
  const secondSyncs = second.sync()
  await session.record('the leader syncs', first.sync(share()))
  await session.record('the second synced', secondSyncs)
  await describe(session, observer, groupId)
  await session.record('commit for a partition of the other', second.commit(topic, 3n))
  await session.record('the follower joins with nothing new', second.join())

  const changed = second.join({ protocols: [{ name: 'range', metadata: Buffer.from('new') }] })
  await untilState(observer, groupId, 'PreparingRebalance')
  await session.record('the leader follows', first.join(old))
  await session.record('the follower that changed', changed)
  const waiting = second.sync()
  await session.record('heartbeat of one that waits for the leader', first.heartbeat())
  await session.record('the leader leaves instead of syncing', first.leave())
  await session.record('who waited', waiting)
  await session.record('joins alone', second.join({ protocols: [{ name: 'range', metadata: Buffer.from('new') }] }))
  await session.record('syncs alone', second.sync([{ memberId: second.memberId, assignment: Buffer.from('alone') }]))
  await session.record('and leaves', second.leave())
}

export const staticMembers: Scenario = async (session) => {
  const groupId = await session.findGroup('static')
  const member = new TestMember(await session.connect(), groupId)
  const identity = { groupInstanceId: 'one' }
  await session.record('join', member.join(identity))
  const before = member.memberId
  await session.record('sync', member.sync([{ memberId: member.memberId, assignment: Buffer.from('mine') }], identity))
  const restarted = new TestMember(await session.connect(), groupId)
  await session.record('join after a restart', restarted.join(identity))
  await session.record('sync after a restart', restarted.sync([], identity))
  await session.record('heartbeat of the fenced one', member.heartbeat({ ...identity, memberId: before }))
  await session.record('heartbeat of the new one', restarted.heartbeat(identity))
  await describe(session, member.client, groupId)
}

/** Members that say nothing any more, with the shortest session that Kafka allows. */
export const silentMembers: Scenario = async (session) => {
  const groupId = await session.findGroup('silent')
  const topic = await session.createTopic('silent')
  const observer = await session.connect()
  const short = { sessionTimeoutMs: 6_000, rebalanceTimeoutMs: 6_000 }
  const member = new TestMember(await session.connect(), groupId)
  await member.join(short)
  await member.join(short)
  await member.sync([{ memberId: member.memberId, assignment: Buffer.from('all') }])
  const other = new TestMember(await session.connect(), groupId)
  await other.join(short)
  // The first member never joins again: the second must not wait longer than the rebalance timeout.
  await session.record('the second joins without the first', other.join(short))
  await session.record('heartbeat of the first, too late', member.heartbeat())
  await session.record('commit of the first, too late', member.commit(topic, 1n))
  // The second never syncs, and is forgotten.
  await untilState(observer, groupId, 'Empty')
  await session.record('heartbeat of the second, too late', other.heartbeat())
  await describe(session, observer, groupId)
}
