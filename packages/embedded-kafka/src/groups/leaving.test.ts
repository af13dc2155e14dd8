import { describe, expect, it } from 'vitest'
import { setUp, speaker, stablePair } from '../../test/support/classic-group.ts'
import { settle } from '../../test/support/settle.ts'
import type { JoinResult } from './member.ts'

const identity = ({ memberId }: JoinResult) => ({ memberId, groupInstanceId: null })

describe('leaving', () => {
  it('begins one new generation for all who leave together', async () => {
    const { ask, group, leader, follower } = await stablePair()
    const waiting = ask({ memberId: leader.memberId })
    await settle()
    expect(group.leave([identity(follower), identity(leader), identity(leader)])).toEqual([
      'NONE',
      'NONE',
      'UNKNOWN_MEMBER_ID',
    ])
    // Not the generation that the follower's leaving alone would have begun.
    expect(await waiting).toMatchObject({ error: 'UNKNOWN_MEMBER_ID', memberId: '' })
    expect(group).toMatchObject({ state: 'Empty', generationId: 3 })
  })

  it('makes the others join again, even if who leaves had only been promised an id', async () => {
    const { ask, group, leader } = await stablePair()
    const promised = await ask()
    expect(group.heartbeat(speaker(leader))).toBe('NONE')
    expect(group.leave([identity(promised)])).toEqual(['NONE'])
    expect(group.heartbeat(speaker(leader))).toBe('REBALANCE_IN_PROGRESS')
  })

  it('changes nothing where nobody left', async () => {
    const { group, leader } = await stablePair()
    expect(group.leave([{ memberId: 'x', groupInstanceId: null }])).toEqual(['UNKNOWN_MEMBER_ID'])
    expect(group.heartbeat(speaker(leader))).toBe('NONE')
  })

  it('empties a group at once, whoever was promised an id', async () => {
    const { ask, group, leader, follower } = await stablePair()
    await ask()
    group.leave([identity(leader), identity(follower)])
    expect(group).toMatchObject({ state: 'Empty', generationId: 3 })
  })

  it('does not empty it while others had been waited for: those who were promised an id may still come', async () => {
    const { ask, group, leader, follower } = await stablePair()
    const promised = await ask()
    void ask({ memberId: leader.memberId })
    await settle()
    group.leave([identity(leader), identity(follower)])
    expect(group).toMatchObject({ state: 'PreparingRebalance', members: [] })
    expect(await ask({ protocolType: 'connect' })).toMatchObject({ error: 'INCONSISTENT_GROUP_PROTOCOL' })
    expect(await ask({ memberId: promised.memberId })).toMatchObject({ error: 'NONE', generationId: 3 })
  })
})

describe('a subscription', () => {
  const protocols = (metadata: Buffer) => [{ name: 'sticky', metadata }]
  /** A version, one topic named `t`, and no data of the consumer's own. */
  const toTopic = Buffer.from([0, 0, 0, 0, 0, 1, 0, 1, 0x74, 0, 0, 0, 0])

  it('is that of the present generation', async () => {
    const { join, ask, group } = setUp()
    const { memberId } = await join({ protocols: protocols(toTopic) })
    expect(['t', 'other'].map((topic) => group.isSubscribedTo(topic))).toEqual([true, false])
    await ask({ memberId, protocols: protocols(Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 0, 0])) })
    expect(group.isSubscribedTo('t')).toBe(false)
  })

  it('is to all topics where the metadata of a consumer do not tell', async () => {
    const { join, group } = setUp()
    const { memberId } = await join({ protocols: protocols(Buffer.from('odd')) })
    expect(group.isSubscribedTo('t')).toBe(true)
    group.leave([{ memberId, groupInstanceId: null }])
    expect(group.isSubscribedTo('t')).toBe(false)
  })

  it('is to none where members are no consumers', async () => {
    const { join, group } = setUp()
    await join({ protocolType: 'connect', protocols: protocols(Buffer.from('odd')) })
    expect(group.isSubscribedTo('t')).toBe(false)
  })
})
