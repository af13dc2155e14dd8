/** Random histories of a group of the classic protocol. */
import type { Difference } from '../../differential/differences.ts'
import type { Step } from '../step.ts'
import { ClassicSide } from './classic-side.ts'
import type { ClassicDuet } from './classic-steps.ts'
import { Duet } from './duet.ts'

/** Ends with the first difference: what comes after it may follow from it. */
export async function playClassic(
  steps: readonly Step<ClassicDuet>[],
  real: string,
  embedded: string,
): Promise<Difference[]> {
  const suffix = crypto.randomUUID().slice(0, 8)
  const [theirs, ours] = await Promise.all([ClassicSide.of(real, suffix), ClassicSide.of(embedded, suffix)])
  using duet = new Duet(theirs, ours)
  for (const { what, play } of steps) {
    await play(duet)
    await lookAround(duet, what)
    if (duet.differences.length > 0) break
  }
  return duet.differences
}

async function lookAround(duet: ClassicDuet, what: string): Promise<void> {
  const { groupId, topic } = duet.ours
  const request = { groups: [groupId] }
  const { groups } = await duet.observe<Described>(`${what}: described`, 'DescribeGroups', 6, request)
  for (const side of [duet.theirs, duet.ours]) side.size = groups[0]?.members.length ?? 0
  const fetch = { groupId, memberId: null, memberEpoch: -1, topics: [{ name: topic, partitionIndexes: [0, 1] }] }
  await duet.observe(`${what}: offsets`, 'OffsetFetch', 9, { groups: [fetch], requireStable: false })
}

interface Described {
  readonly groups: readonly { readonly members: readonly unknown[] }[]
}
