import { describe, expect, it } from 'vitest'
import { consumerGroup, GroupClient, sessionTimeoutMs } from '../../../test/support/consumer-group.ts'
import type { Heartbeat } from './heartbeat.ts'
import { commitFault, fetchFault } from './offset-fencing.ts'

/** A has everything, B has just joined. */
function joinedPair(over: Partial<Heartbeat> = {}) {
  const tools = consumerGroup()
  const a = new GroupClient(tools.group, 'a', over)
  const b = new GroupClient(tools.group, 'b')
  a.join()
  a.adopt()
  b.join()
  return { ...tools, a, b }
}

describe('reconciliation', () => {
  it('gives the first member everything at once', () => {
    const { group } = consumerGroup()
    const answer = new GroupClient(group, 'a').join()
    expect(answer).toEqual({
      memberId: 'a',
      memberEpoch: 2,
      heartbeatIntervalMs: 5_000,
      assignment: [{ topicId: 't', partitions: [0, 1, 2, 3] }],
    })
    expect(group.state).toBe('Stable')
  })

  it('takes from one member before it gives to another', () => {
    const { group, a, b } = joinedPair()
    expect(b.beat().assignment).toBeNull()
    expect(a.beat()).toMatchObject({ memberEpoch: 2, assignment: [{ topicId: 't', partitions: [0, 1] }] })
    expect(b.beat({ owned: null }).assignment).toBeNull()
    expect(group.state).toBe('Reconciling')
    a.adopt()
    expect(a.beat()).toMatchObject({ memberEpoch: 3, assignment: null })
    expect(b.beat()).toMatchObject({ memberEpoch: 3, assignment: [{ topicId: 't', partitions: [2, 3] }] })
    expect(group.state).toBe('Stable')
  })

  it('waits for a member to say that it gave back, not for its next heartbeat', () => {
    const { a, b } = joinedPair()
    a.beat()
    a.beat({ owned: null })
    expect(a.epoch).toBe(2)
    expect(b.beat().assignment).toBeNull()
  })

  it('goes on with a member whose answer was lost', () => {
    const { a } = joinedPair()
    a.go()
    a.beatInVain()
    expect(a.beat().memberEpoch).toBe(3)
  })

  it('removes a member that does not give back in time, and only that one', async () => {
    const { group, clock, a, b } = joinedPair()
    a.beat()
    for (let beats = 0; beats < 3; beats++) {
      await clock.advance(20_000)
      b.beat()
    }
    expect(group.members.map(({ id }) => id)).toEqual(['b'])
    expect(b.beat().assignment).toBeNull()
    expect(group.members[0]?.progress.assigned.size).toBe(4)
  })

  it('does not remove a member that gave back in time', async () => {
    const { group, clock, a, b } = joinedPair()
    a.go()
    a.beat()
    for (let beats = 0; beats < 4; beats++) {
      await clock.advance(20_000)
      a.beat()
      b.beat()
    }
    expect(group.members.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(a.epoch).toBe(3)
  })
})

describe('membership', () => {
  it('ends with a session, and others get what the member had', async () => {
    const { group, clock, a, b } = joinedPair()
    a.go()
    a.beat()
    await clock.advance(sessionTimeoutMs - 1)
    b.beat()
    await clock.advance(1)
    expect(group.state).toBe('Assigning')
    expect(b.beat().assignment).toEqual([{ topicId: 't', partitions: [0, 1, 2, 3] }])
  })

  it('lets a static member come back under another id to what it had', async () => {
    const { group, clock } = consumerGroup()
    const before = new GroupClient(group, 'before', { instanceId: 'one' })
    const after = new GroupClient(group, 'after', { instanceId: 'one' })
    before.join()
    expect(() => after.join()).toThrow(expect.objectContaining({ error: 'UNRELEASED_INSTANCE_ID' }))
    before.leave(-2)
    expect(after.join()).toMatchObject({ memberEpoch: 2, assignment: [{ topicId: 't', partitions: [0, 1, 2, 3] }] })
    expect(() => before.join()).toThrow(expect.objectContaining({ error: 'UNRELEASED_INSTANCE_ID' }))
    await clock.advance(sessionTimeoutMs)
    expect(group.state).toBe('Empty')
    expect(clock.timerCount).toBe(0)
  })

  it('takes a member that joins again with an instance id to be the same, static from now on', async () => {
    const { group, clock } = consumerGroup()
    new GroupClient(group, 'a').join()
    await clock.advance(sessionTimeoutMs - 1)
    const again = new GroupClient(group, 'a', { instanceId: 'one' })
    expect(again.join()).toMatchObject({ memberEpoch: 2, assignment: [{ topicId: 't', partitions: [0, 1, 2, 3] }] })
    await clock.advance(1)
    expect(group.members).toMatchObject([{ id: 'a', instanceId: 'one' }])
    expect(clock.timerCount).toBe(1)
  })

  it('gives a static member that left for now as long as its session to come back', async () => {
    const { group, clock } = consumerGroup()
    const client = new GroupClient(group, 'a', { instanceId: 'one' })
    client.join()
    client.leave(-2)
    await clock.advance(sessionTimeoutMs)
    expect(group.members).toEqual([])
  })

  it('starts no timer while the coordinator is away, and sessions afresh when it is back', async () => {
    const { group, clock, a } = joinedPair()
    a.beat()
    group.suspend()
    expect(clock.timerCount).toBe(0)
    await clock.advance(sessionTimeoutMs)
    group.resume()
    await clock.advance(sessionTimeoutMs - 1)
    expect(group.members.length).toBe(2)
    await clock.advance(1)
    expect(group.members).toEqual([])
  })
})

describe('subscriptions', () => {
  it('notices partitions and topics that come and go', () => {
    const { group, topics } = consumerGroup()
    const client = new GroupClient(group, 'a', { topicNames: [], topicRegex: '[tu]' })
    client.join()
    client.adopt()
    topics.set('t', 5)
    topics.set('u', 1)
    topics.set('other', 1)
    client.go()
    expect([...client.owned]).toEqual(['t:0', 't:1', 't:2', 't:3', 't:4', 'u:0'])
    topics.delete('t')
    client.go()
    client.beat()
    expect([...client.owned]).toEqual(['u:0'])
    expect(group.state).toBe('Stable')
  })

  it('gives to a member no topic that matches its expression and that it may not see', () => {
    const { group, topics } = consumerGroup({ mine: 1, public: 1, theirs: 1 })
    const member = (name: string) =>
      new GroupClient(group, name, {
        topicNames: [],
        topicRegex: '.*',
        sees: (topic) => [name, 'public'].includes(topic),
      })
    const [mine, theirs] = [member('mine'), member('theirs')]
    for (const each of [mine, theirs]) each.join()
    const read = () => {
      for (let round = 0; round < 3; round++) for (const each of [mine, theirs]) each.go()
      return [[...mine.owned], [...theirs.owned]].map((owned) => owned.filter((key) => !key.startsWith('public')))
    }
    expect(read()).toEqual([['mine:0'], ['theirs:0']])
    topics.set('public', 2)
    topics.set('secret', 1)
    expect(read()).toEqual([['mine:0'], ['theirs:0']])
    expect(mine.owned.size + theirs.owned.size).toBe(4)
  })

  it('does not assign anew for topics that nobody reads', () => {
    const { group, topics } = consumerGroup()
    const client = new GroupClient(group, 'a')
    client.join()
    topics.set('other', 3)
    client.beat()
    expect(group.epoch).toBe(2)
  })

  it('assigns with what most members ask for', () => {
    const { group } = consumerGroup({ t: 3, u: 3 })
    const wish = { topicNames: ['t', 'u'], assignor: 'range' }
    expect(group.assignor).toBe('uniform')
    for (const id of ['a', 'b']) new GroupClient(group, id, wish).join()
    expect(group.assignor).toBe('range')
    expect(group.members.map(({ target }) => target.size)).toEqual([4, 2])
  })

  it('changes nothing for a member whose regular expression is none', () => {
    const { group, a } = joinedPair()
    const { epoch } = group
    expect(() => new GroupClient(group, 'c', { topicRegex: '(' }).join()).toThrow(
      expect.objectContaining({ error: 'INVALID_REGULAR_EXPRESSION' }),
    )
    expect([group.epoch, group.members.length]).toEqual([epoch, 2])
    expect(a.epoch).toBe(2)
  })
})

describe('commits', () => {
  it('are taken from members that are up to date, and of an epoch before for what a member has had since', () => {
    const { group, a, b } = joinedPair()
    a.go()
    expect(commitFault(group, { memberId: 'a', memberEpoch: 2 }, ['t:3'])).toBeUndefined()
    a.beat()
    b.go()
    expect(commitFault(group, { memberId: 'a', memberEpoch: 2 }, ['t:0'])).toBeUndefined()
    expect(commitFault(group, { memberId: 'a', memberEpoch: 2 }, ['t:0', 't:3'])).toBe('STALE_MEMBER_EPOCH')
    expect(commitFault(group, { memberId: 'b', memberEpoch: 2 }, ['t:3'])).toBe('STALE_MEMBER_EPOCH')
    expect(commitFault(group, { memberId: 'b', memberEpoch: 3 }, ['t:3'])).toBeUndefined()
    expect(commitFault(group, { memberId: 'b', memberEpoch: 4 }, ['t:3'])).toBe('STALE_MEMBER_EPOCH')
    expect(commitFault(group, { memberId: 'x', memberEpoch: 3 }, [])).toBe('UNKNOWN_MEMBER_ID')
    expect(commitFault(group, { memberId: '', memberEpoch: -1 }, ['t:0'])).toBe('UNKNOWN_MEMBER_ID')
  })

  it('of no member are taken by an empty group', () => {
    const { group } = consumerGroup()
    expect(commitFault(group, { memberId: '', memberEpoch: -1 }, ['t:0'])).toBeUndefined()
  })

  it('are told to members of the present epoch, and to whoever does not claim to be one', () => {
    const { group } = joinedPair()
    expect(fetchFault(group, 'a', 2)).toBeUndefined()
    expect(fetchFault(group, 'a', 1)).toBe('STALE_MEMBER_EPOCH')
    expect(fetchFault(group, 'x', 2)).toBe('UNKNOWN_MEMBER_ID')
    expect(fetchFault(group, null, -1)).toBeUndefined()
  })
})
