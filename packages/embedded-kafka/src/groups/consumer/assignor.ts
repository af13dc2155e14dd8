import type { PartitionKey } from './partition-key.ts'

export interface AssignedMember {
  readonly id: string
  /** Ids of topics that exist. */
  readonly topicIds: ReadonlySet<string>
  /** What it was meant to have until now: an assignor moves as little as it can. */
  readonly target: ReadonlySet<PartitionKey>
}

/** Who is to have what: an entry for every member. `partitionCounts` goes by topic id. */
export type Assignor = (
  members: readonly AssignedMember[],
  partitionCounts: ReadonlyMap<string, number>,
) => Map<string, Set<PartitionKey>>
