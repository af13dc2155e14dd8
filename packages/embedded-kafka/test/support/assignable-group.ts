/** Groups in any state in which an assignor may find them, for property tests. */
import fc from 'fast-check'
import type { AssignedMember } from '../../src/groups/consumer/assignor.ts'
import { type PartitionKey, partitionKey } from '../../src/groups/consumer/partition-key.ts'

type Assignment = ReadonlyMap<string, ReadonlySet<PartitionKey>>

export interface AssignableGroup {
  readonly members: readonly AssignedMember[]
  readonly counts: ReadonlyMap<string, number>
}

const topicIds = ['t', 'u', 'v', 'w']

/** With `sameTopics` all members read all topics, and what they had still exists. */
export function assignableGroup({ sameTopics = false } = {}): fc.Arbitrary<AssignableGroup> {
  const topics = sameTopics ? fc.constant(topicIds) : fc.subarray(topicIds)
  return fc
    .record({
      counts: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: topicIds.length, maxLength: topicIds.length }),
      subscriptions: fc.array(topics, { minLength: 1, maxLength: 6 }),
      // Who had each partition, by position; beyond the members nobody had it.
      owners: fc.array(fc.integer({ min: 0, max: 8 }), { minLength: 40, maxLength: 40 }),
    })
    .map(({ counts, subscriptions, owners }) => {
      const had = subscriptions.map(() => new Set<PartitionKey>())
      const upTo = (topic: number): number => (sameTopics ? (counts[topic] ?? 0) : 10)
      for (const [topic, id] of topicIds.entries())
        for (let partition = 0; partition < upTo(topic); partition++)
          had[owners[topic * 10 + partition] ?? -1]?.add(partitionKey(id, partition))
      return {
        members: subscriptions.map((ids, index) => ({
          id: `m${index}`,
          topicIds: new Set(ids),
          target: had[index] ?? new Set<PartitionKey>(),
        })),
        counts: new Map(topicIds.map((id, index) => [id, counts[index] ?? 0])),
      }
    })
}

/** All partitions that somebody reads. */
export function readPartitions(
  members: readonly AssignedMember[],
  counts: ReadonlyMap<string, number>,
): PartitionKey[] {
  return [...counts]
    .filter(([id]) => members.some(({ topicIds: read }) => read.has(id)))
    .flatMap(([id, count]) => Array.from({ length: count }, (_, partition) => partitionKey(id, partition)))
    .toSorted()
}

export function sizes(assignment: Assignment): number[] {
  return [...assignment.values()].map(({ size }) => size)
}

/** How many partitions were taken from somebody. */
export function moves(members: readonly AssignedMember[], assignment: Assignment): number {
  return members.reduce(
    (sum, { id, target }) => sum + [...target].filter((key) => !assignment.get(id)?.has(key)).length,
    0,
  )
}
