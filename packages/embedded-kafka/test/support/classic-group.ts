/** One group of the classic protocol without a network, and what its members say. */
import { SystemClock } from '../../src/cluster/clock.ts'
import { Group, type Speaker } from '../../src/groups/group.ts'
import type { JoinRequest, JoinResult } from '../../src/groups/member.ts'
import type { Protocol } from '../../src/groups/protocol-selection.ts'
import { settle } from './settle.ts'

export function setUp(initialRebalanceDelayMs = 0) {
  const clock = new SystemClock(Date.UTC(2026, 0, 1))
  const group = new Group('orders', { clock, initialRebalanceDelayMs })
  const ask = (over: Partial<JoinRequest> = {}): Promise<JoinResult> =>
    group.join({
      memberId: '',
      groupInstanceId: null,
      clientId: 'client',
      clientHost: '/127.0.0.1',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 60_000,
      protocolType: 'consumer',
      protocols: [{ name: 'sticky', metadata: Buffer.from('all') }],
      canAskAgain: true,
      canSkipAssignment: false,
      ...over,
    })
  /** Joins as clients do: asks for an id first. */
  const join = async (over: Partial<JoinRequest> = {}): Promise<JoinResult> => {
    const { memberId } = await ask(over)
    return ask({ ...over, memberId })
  }
  const syncAsLeader = ({ memberId, generationId, members }: JoinResult) =>
    group.sync(
      { ...unsaid, memberId, groupInstanceId: null, generationId },
      new Map(members.map((member) => [member.memberId, Buffer.from(`for ${member.memberId}`)])),
    )
  return { clock, group, ask, join, syncAsLeader }
}

/** What older clients do not say. */
const unsaid: Protocol = { protocolType: null, protocolName: null }

export function speaker(
  { memberId, generationId }: JoinResult,
  groupInstanceId: string | null = null,
): Speaker & Protocol {
  return { ...unsaid, memberId, generationId, groupInstanceId }
}

/** A group of two in which everybody has an assignment. */
export async function stablePair() {
  const tools = setUp()
  const first = await tools.join()
  await tools.syncAsLeader(first)
  const secondJoins = tools.join()
  await settle()
  const firstAgain = await tools.ask({ memberId: first.memberId })
  const second = await secondJoins
  const secondSyncs = tools.group.sync(speaker(second), new Map())
  await tools.syncAsLeader(firstAgain)
  await secondSyncs
  return { ...tools, leader: firstAgain, follower: second }
}
