/**
 * Before an assignment changes, everybody gets where the one before wants them. Which of its target a member keeps else is an accident: that what it has, or
 * that what it has not got yet.
 */
import { awayEpoch } from '../../../src/groups/consumer/consumer-member.ts'
import type { ConsumerSide } from './consumer-side.ts'
import type { Duet } from './duet.ts'

const rounds = 3

interface Member {
  readonly memberId: string
  readonly instanceId: string | null
  readonly memberEpoch: number
  readonly assignment: Assignment
  readonly targetAssignment: Assignment
}
interface Assignment {
  readonly topicPartitions: readonly { readonly partitions: readonly number[] }[]
}
interface Described {
  readonly groups: readonly { readonly assignmentEpoch: number; readonly members: readonly Member[] }[]
}

/** Whether what somebody does may change the assignment: not while others are on their way, nor while somebody else is away. */
export async function isCalm(duet: Duet<ConsumerSide>, who: { readonly instanceId: string | null }): Promise<boolean> {
  for (let round = 0; round < rounds; round++) {
    const moving = await movingMembers(duet.ours)
    const others = moving.filter(
      ({ memberEpoch, instanceId }) => memberEpoch !== awayEpoch || instanceId !== who.instanceId,
    )
    if (others.length === 0) return true
    for (const { memberId, memberEpoch } of others) {
      if (memberEpoch === awayEpoch) return false
      const quiet = {
        memberId,
        instanceId: null,
        memberEpoch,
        owned: 'told',
        hasTimeout: true,
        subscribed: null,
      } as const
      for (const side of [duet.theirs, duet.ours]) await side.converge(quiet)
    }
  }
  return false
}

async function movingMembers(side: ConsumerSide): Promise<readonly Member[]> {
  const { groups } = await side.observe<Described>('ConsumerGroupDescribe', 1, { groupIds: [side.groupId] })
  return groups.flatMap(({ assignmentEpoch, members }) =>
    members.filter(
      ({ memberEpoch, assignment, targetAssignment }) =>
        memberEpoch !== assignmentEpoch || sizeOf(assignment) !== sizeOf(targetAssignment),
    ),
  )
}

function sizeOf({ topicPartitions }: Assignment): number {
  return topicPartitions.flatMap(({ partitions }) => partitions).length
}
