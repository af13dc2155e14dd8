/** Random histories of a group of the newer protocol (KIP-848). */
import type { Difference } from '../../differential/differences.ts'
import type { Step } from '../step.ts'
import { ConsumerSide } from './consumer-side.ts'
import type { ConsumerDuet } from './consumer-steps.ts'
import { Duet } from './duet.ts'

/** Ends with the first difference: what comes after it may follow from it. */
export async function playConsumer(
  steps: readonly Step<ConsumerDuet>[],
  real: string,
  embedded: string,
): Promise<Difference[]> {
  const suffix = crypto.randomUUID().slice(0, 8)
  const [theirs, ours] = await Promise.all([ConsumerSide.of(real, suffix), ConsumerSide.of(embedded, suffix)])
  using duet = new Duet(theirs, ours)
  const groupIds = [ours.groupId]
  for (const { what, play } of steps) {
    await play(duet)
    await duet.observe(`${what}: described`, 'ConsumerGroupDescribe', 1, { groupIds })
    if (duet.differences.length > 0) break
  }
  return duet.differences
}
