import type { TopicPartition } from '@tributary/event-bus'

/** A member as the assignor sees it. */
export interface AssignableMember {
  readonly id: string
  readonly topics: readonly string[]
  /** What it holds now. */
  readonly owned: readonly TopicPartition[]
}

export const partitionId = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/**
 * Who should own what: balanced within each topic, and a partition moves only when balance needs it. Members get partitions of their own topics
 * only. The result names a member for every partition that somebody subscribes to.
 */
export function assignPartitions(
  members: readonly AssignableMember[],
  partitionCount: (topic: string) => number,
): Map<string, TopicPartition[]> {
  const target = new Map<string, TopicPartition[]>(members.map(({ id }) => [id, []]))
  const owners = new Map<string, string>()
  for (const { id, owned } of members) for (const partition of owned) owners.set(partitionId(partition), id)

  for (const topic of new Set(members.flatMap(({ topics }) => topics))) {
    const candidates = members.filter(({ topics }) => topics.includes(topic)).map(({ id }) => id)
    for (const [id, partitions] of assignTopic(topic, partitionCount(topic), candidates, owners, target)) {
      target.get(id)?.push(...partitions)
    }
  }
  return target
}

function assignTopic(
  topic: string,
  partitions: number,
  candidates: readonly string[],
  owners: ReadonlyMap<string, string>,
  elsewhere: ReadonlyMap<string, readonly TopicPartition[]>,
): Map<string, TopicPartition[]> {
  const shares = new Map<string, TopicPartition[]>(candidates.map((id) => [id, []]))
  const load = (id: string): number => shares.get(id)?.length ?? 0
  // Equal shares of this topic: the one with less of the other topics comes first, so that topics of one partition spread too.
  const byLoad = (): string[] =>
    [...candidates].sort(
      (a, b) => load(a) - load(b) || (elsewhere.get(a)?.length ?? 0) - (elsewhere.get(b)?.length ?? 0),
    )

  const free: TopicPartition[] = []
  for (let partition = 0; partition < partitions; partition++) {
    const share = shares.get(owners.get(partitionId({ topic, partition })) ?? '')
    if (share) share.push({ topic, partition })
    else free.push({ topic, partition })
  }
  for (const partition of free) shares.get(byLoad()[0] ?? '')?.push(partition)
  for (;;) {
    const sorted = byLoad()
    const least = sorted[0] ?? ''
    const most = sorted.at(-1) ?? ''
    if (load(most) - load(least) < 2) return shares
    const moved = shares.get(most)?.pop()
    if (moved) shares.get(least)?.push(moved)
  }
}
