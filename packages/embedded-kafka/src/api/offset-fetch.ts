import type { Group } from '../groups/group.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  from,
  type Input,
  int16,
  int32,
  int64,
  nullableArray,
  nullableString,
  optional,
  string,
} from '../protocol/fields.ts'

const partitionResponse = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: optional(from(5, int32), -1),
  metadata: nullableString,
  errorCode: int16,
}
type PartitionResponse = Input<typeof partitionResponse>

export const offsetFetch: Api = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 5],
  flexibleSince: 6,
  request: { groupId: string, topics: nullableArray({ name: string, partitionIndexes: array(int32) }) },
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    topics: array({ name: string, partitions: array(partitionResponse) }),
    errorCode: from(2, int16),
  },
  subjects: ({ groupId, topics }) => [
    { group: groupId },
    ...(topics ?? []).flatMap(({ name, partitionIndexes }) =>
      partitionIndexes.map((partition) => ({ group: groupId, topic: name, partition })),
    ),
  ],
  handle({ groupId, topics }, context) {
    const fault = context.cluster.groups.fault(groupId, context.brokerId)
    const group = context.cluster.groups.get(groupId)
    const asked = topics ?? (fault ? [] : committedTopics(group))
    return {
      topics: asked.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const refuse = (error: ErrorName) => none(partitionIndex, error)
          return context.staged(name, partitionIndex, refuse, (): PartitionResponse => {
            if (fault) return refuse(fault)
            const committed = group?.offsets.get(name, partitionIndex)
            if (!committed) return none(partitionIndex, 'NONE')
            return {
              partitionIndex,
              committedOffset: committed.nextOffset,
              committedLeaderEpoch: committed.leaderEpoch,
              metadata: committed.metadata,
              errorCode: errorCodes.NONE,
            }
          })
        }),
      })),
      errorCode: errorCodes[fault ?? 'NONE'],
    }
  },
})

function none(partitionIndex: number, error: ErrorName): PartitionResponse {
  return { partitionIndex, committedOffset: -1n, metadata: '', errorCode: errorCodes[error] }
}

/** Everything the group ever committed, grouped as an answer wants it. */
function committedTopics(group: Group | undefined): { name: string; partitionIndexes: number[] }[] {
  const byTopic = Map.groupBy(group?.offsets.all() ?? [], ({ topic }) => topic)
  return [...byTopic].map(([name, offsets]) => ({ name, partitionIndexes: offsets.map(({ partition }) => partition) }))
}
