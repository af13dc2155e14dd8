import type { AssignedMember, Assignor } from './assignor.ts'
import { type PartitionKey, partitionKey } from './partition-key.ts'

/**
 * Topic by topic, neighbouring partitions to the same member, so that topics with equal counts are read side by side.
 * A member keeps what it had as far as its share goes.
 */
export const assignByRange: Assignor = (members, partitionCounts) => {
  const assignment = new Map(members.map(({ id }) => [id, new Set<PartitionKey>()]))
  for (const [topicId, count] of partitionCounts) {
    const readers = members.filter(({ topicIds }) => topicIds.has(topicId))
    for (const [id, partitions] of shareTopic(topicId, count, readers))
      for (const partition of partitions) assignment.get(id)?.add(partitionKey(topicId, partition))
  }
  return assignment
}

function shareTopic(topicId: string, count: number, readers: readonly AssignedMember[]): Map<string, number[]> {
  if (readers.length === 0) return new Map()
  const all = Array.from({ length: count }, (_, partition) => partition)
  const share = Math.floor(count / readers.length)
  let extras = count % readers.length

  const shares = new Map<string, number[]>()
  for (const { id, target } of readers) {
    const had = all.filter((partition) => target.has(partitionKey(topicId, partition)))
    const keepsExtra = had.length > share && extras > 0
    if (keepsExtra) extras -= 1
    shares.set(id, had.slice(0, share + (keepsExtra ? 1 : 0)))
  }
  const kept = new Set([...shares.values()].flat())
  const free = all.filter((partition) => !kept.has(partition))
  for (const partitions of shares.values()) {
    if (partitions.length > share) continue
    const getsExtra = extras > 0
    if (getsExtra) extras -= 1
    partitions.push(...free.splice(0, share + (getsExtra ? 1 : 0) - partitions.length))
  }
  return shares
}
