import { describe, expect, it } from 'vitest'
import { setUp, speaker, stablePair } from '../../test/support/classic-group.ts'
import { settle } from '../../test/support/settle.ts'

describe('joining', () => {
  it('gives a new client an id and waits for it to come back with it', async () => {
    const { ask, group } = setUp()
    const refused = await ask()
    expect(refused).toMatchObject({ error: 'MEMBER_ID_REQUIRED', memberId: expect.stringMatching(/^client-/) })
    expect(group.members).toHaveLength(0)
    expect(await ask({ memberId: refused.memberId })).toMatchObject({ error: 'NONE', generationId: 1 })
  })

  it('takes an old client in at once, which cannot ask again', async () => {
    const { ask } = setUp()
    expect(await ask({ canAskAgain: false })).toMatchObject({ error: 'NONE', generationId: 1 })
  })

  it('forgets an id that never came back, and no longer waits for it', async () => {
    const { clock, ask, join } = setUp()
    const first = await join()
    await ask()
    const again = ask({ memberId: first.memberId, protocols: [{ name: 'sticky', metadata: Buffer.from('new') }] })
    let isDone = false
    void again.then(() => (isDone = true))
    await clock.advance(9_999)
    expect(isDone).toBe(false)
    await clock.advance(1)
    expect(await again).toMatchObject({ error: 'NONE', generationId: 2 })
  })

  it('makes a new group of who is there, not waiting for those who were promised an id', async () => {
    const { ask, join } = setUp()
    await ask()
    expect(await join()).toMatchObject({ error: 'NONE', generationId: 1 })
  })

  it('refuses a static member that says an id which was promised to somebody', async () => {
    const { ask } = setUp()
    const { memberId } = await ask()
    expect(await ask({ memberId, groupInstanceId: 'one' })).toMatchObject({
      error: 'UNKNOWN_SERVER_ERROR',
      memberId: '',
    })
    expect(await ask({ memberId })).toMatchObject({ error: 'NONE' })
  })

  it('refuses an id it never gave out', async () => {
    const { ask } = setUp()
    expect(await ask({ memberId: 'stranger' })).toMatchObject({ error: 'UNKNOWN_MEMBER_ID', memberId: 'stranger' })
  })

  it('refuses a protocol that the present members do not speak', async () => {
    const { join, ask } = setUp()
    await join()
    const foreign = { protocols: [{ name: 'range', metadata: Buffer.alloc(0) }] }
    expect(await ask(foreign)).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(await ask({ protocolType: 'connect' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
  })

  it('refuses a join without any protocol', async () => {
    const { ask } = setUp()
    expect(await ask({ protocols: [] })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
  })

  it('chooses the protocol that all know and most prefer', async () => {
    const { ask, join } = setUp()
    const protocols = (...names: string[]) => names.map((name) => ({ name, metadata: Buffer.from(name) }))
    const first = await join({ protocols: protocols('sticky', 'range') })
    const second = join({ protocols: protocols('range', 'sticky') })
    await settle()
    const third = join({ protocols: protocols('range', 'sticky', 'newest') })
    await settle()
    const again = await ask({ memberId: first.memberId, protocols: protocols('sticky', 'range') })
    expect(again).toMatchObject({ generationId: 2, protocolName: 'range' })
    expect(again.members.map(({ metadata }) => metadata.toString())).toEqual(['range', 'range', 'range'])
    expect(await second).toMatchObject({ leaderId: first.memberId, members: [] })
    expect(await third).toMatchObject({ leaderId: first.memberId, members: [] })
  })

  it('waits for more members of a new group as long as they keep coming', async () => {
    const { clock, ask } = setUp(3_000)
    const first = ask({ canAskAgain: false })
    await clock.advance(2_000)
    const second = ask({ canAskAgain: false })
    await clock.advance(1_000)
    const third = ask({ canAskAgain: false })
    await clock.advance(3_000)
    await clock.advance(3_000)
    expect(await Promise.all([first, second, third])).toMatchObject([
      { generationId: 1 },
      { generationId: 1 },
      { generationId: 1 },
    ])
  })

  it('tells a follower with nothing new to say the present generation, without a rebalance', async () => {
    const { ask, group, follower } = await stablePair()
    expect(await ask({ memberId: follower.memberId })).toMatchObject({ error: 'NONE', generationId: 2, members: [] })
    expect(group.state).toBe('Stable')
  })

  it('rebalances when a follower says something new', async () => {
    const { ask, group, follower } = await stablePair()
    void ask({ memberId: follower.memberId, protocols: [{ name: 'sticky', metadata: Buffer.from('owns 1') }] })
    await settle()
    expect(group.state).toBe('PreparingRebalance')
  })

  it('rebalances when the leader joins again, whatever it says', async () => {
    const { ask, group, leader } = await stablePair()
    void ask({ memberId: leader.memberId })
    await settle()
    expect(group.state).toBe('PreparingRebalance')
  })
})

describe('a rebalance', () => {
  it('drops members that do not join again in time, and goes on without them', async () => {
    const { clock, ask, group, leader, follower } = await stablePair()
    const joined = ask({ memberId: leader.memberId })
    for (let second = 0; second < 59; second++) {
      await clock.advance(1_000)
      expect(group.heartbeat(speaker(follower))).toBe('REBALANCE_IN_PROGRESS')
    }
    await clock.advance(1_000)
    expect((await joined).members.map(({ memberId }) => memberId)).toEqual([leader.memberId])
    expect(group.heartbeat(speaker(follower))).toBe('UNKNOWN_MEMBER_ID')
  })

  it('gives every member its assignment once the leader has synced', async () => {
    const { group, leader, follower } = await stablePair()
    const again = await group.sync(speaker(follower), new Map())
    expect(again).toEqual({ error: 'NONE', assignment: Buffer.from(`for ${follower.memberId}`) })
    expect(leader.generationId).toBe(2)
  })

  it('makes those who wait for the leader join again when somebody else comes', async () => {
    const { ask, join, group, leader, follower } = await stablePair()
    const leaderJoins = ask({ memberId: leader.memberId })
    const followerJoins = ask({ memberId: follower.memberId })
    await leaderJoins
    const waiting = group.sync(speaker(await followerJoins), new Map())
    void join()
    await settle()
    expect(await waiting).toMatchObject({ error: 'REBALANCE_IN_PROGRESS' })
  })

  it('refuses a sync by a member that takes another protocol to be chosen, if it is one', async () => {
    const { group, leader } = await stablePair()
    const sync = (over: object) => group.sync({ ...speaker(leader), ...over }, new Map())
    expect(await sync({ protocolType: 'connect' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(await sync({ protocolName: 'range' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(await sync({ protocolType: 'consumer', protocolName: 'sticky' })).toMatchObject({ error: 'NONE' })
    expect(await sync({ protocolName: 'range', generationId: 1 })).toMatchObject({ error: 'ILLEGAL_GENERATION' })
    expect(await sync({ protocolName: 'range', memberId: 'x' })).toMatchObject({ error: 'UNKNOWN_MEMBER_ID' })
  })

  it('removes members that join and then never sync', async () => {
    const { clock, ask, group, leader, follower } = await stablePair()
    const leaderJoins = ask({ memberId: leader.memberId })
    await ask({ memberId: follower.memberId })
    const joined = await leaderJoins
    await group.sync(speaker(joined), new Map())
    for (let second = 0; second < 60; second++) {
      group.heartbeat(speaker(joined))
      group.heartbeat({ ...speaker(joined), memberId: follower.memberId })
      await clock.advance(1_000)
    }
    expect(group.members.map(({ id }) => id)).toEqual([leader.memberId])
  })

  it('passes leadership on when the leader stays away', async () => {
    const { clock, ask, leader, follower } = await stablePair()
    const joined = ask({ memberId: follower.memberId, protocols: [{ name: 'sticky', metadata: Buffer.from('new') }] })
    await clock.advance(60_000)
    expect(await joined).toMatchObject({ leaderId: follower.memberId })
    expect((await joined).members.map(({ memberId }) => memberId)).not.toContain(leader.memberId)
  })
})

describe('sessions', () => {
  it('expire without heartbeats, and the others rebalance', async () => {
    const { clock, group, leader, follower } = await stablePair()
    await clock.advance(5_000)
    expect(group.heartbeat(speaker(leader))).toBe('NONE')
    await clock.advance(5_000)
    expect(group.heartbeat(speaker(follower))).toBe('UNKNOWN_MEMBER_ID')
    expect(group.heartbeat(speaker(leader))).toBe('REBALANCE_IN_PROGRESS')
  })

  it('are kept alive by commits', async () => {
    const { clock, group, leader } = await stablePair()
    await clock.advance(9_000)
    expect(group.commitFault(speaker(leader))).toBeUndefined()
    await clock.advance(9_000)
    expect(group.heartbeat(speaker(leader))).toBe('REBALANCE_IN_PROGRESS')
  })

  it('do not expire while a member waits for the others', async () => {
    const { clock, ask, group, leader, follower } = await stablePair()
    const joined = ask({ memberId: leader.memberId })
    for (let second = 0; second < 30; second++) {
      await clock.advance(1_000)
      group.heartbeat(speaker(follower))
    }
    group.leave([{ memberId: follower.memberId, groupInstanceId: null }])
    expect(await joined).toMatchObject({ error: 'NONE', generationId: 3 })
  })

  it('leave no timer behind when everybody has left', async () => {
    const { clock, group, leader, follower } = await stablePair()
    group.leave([{ memberId: leader.memberId, groupInstanceId: null }])
    group.leave([{ memberId: follower.memberId, groupInstanceId: null }])
    expect(group.state).toBe('Empty')
    expect(clock.timerCount).toBe(0)
  })
})

describe('commits', () => {
  it('are accepted while a rebalance is being prepared', async () => {
    const { ask, group, leader, follower } = await stablePair()
    void ask({ memberId: leader.memberId })
    await settle()
    expect(group.commitFault(speaker(follower))).toBeUndefined()
  })

  it('between join and sync are refused: the old generation as illegal, the new one for now', async () => {
    const { ask, group, leader, follower } = await stablePair()
    const leaderJoins = ask({ memberId: leader.memberId })
    void ask({ memberId: follower.memberId })
    const joined = await leaderJoins
    expect(group.commitFault(speaker(leader))).toBe('ILLEGAL_GENERATION')
    expect(group.commitFault(speaker(joined))).toBe('REBALANCE_IN_PROGRESS')
  })

  it('from outside are accepted only while the group is empty', async () => {
    const { group, join } = setUp()
    const outside = { memberId: '', groupInstanceId: null, generationId: -1 }
    expect(group.commitFault(outside)).toBeUndefined()
    await join()
    expect(group.commitFault(outside)).toBe('UNKNOWN_MEMBER_ID')
  })
})

describe('static members', () => {
  it('come back under a new id, keep their assignment and disturb nobody', async () => {
    const { ask, group } = setUp()
    const first = await ask({ groupInstanceId: 'one' })
    await group.sync(speaker(first, 'one'), new Map([[first.memberId, Buffer.from('mine')]]))
    const restarted = await ask({ groupInstanceId: 'one' })
    expect(restarted).toMatchObject({ error: 'NONE', generationId: 1 })
    expect(restarted.memberId).not.toBe(first.memberId)
    expect(await group.sync(speaker(restarted, 'one'), new Map())).toMatchObject({ assignment: Buffer.from('mine') })
    expect(group.heartbeat(speaker(first, 'one'))).toBe('FENCED_INSTANCE_ID')
  })
})

describe('leadership', () => {
  it('stays with a static member that restarted, whoever else is there', async () => {
    const { ask, join } = setUp()
    const leader = await ask({ groupInstanceId: 'one' })
    const other = join()
    await settle()
    const restarted = ask({ groupInstanceId: 'one' })
    expect((await restarted).leaderId).toBe((await restarted).memberId)
    expect((await other).leaderId).not.toBe(leader.memberId)
    expect((await other).members).toEqual([])
  })
})

describe('a coordinator move', () => {
  it('tells those who wait to look elsewhere, and goes on with the same generation', async () => {
    const { clock, ask, group, leader, follower } = await stablePair()
    const waiting = ask({ memberId: leader.memberId })
    await settle()
    group.suspend('NOT_COORDINATOR')
    expect(await waiting).toMatchObject({ error: 'NOT_COORDINATOR' })
    expect(clock.timerCount).toBe(0)
    group.resume()
    expect(group.heartbeat(speaker(follower))).toBe('REBALANCE_IN_PROGRESS')
  })
})
