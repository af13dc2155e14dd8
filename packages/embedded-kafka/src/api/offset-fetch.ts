import type { Group } from '../groups/group.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
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
  type Value,
} from '../protocol/fields.ts'

const groupErrorSince = 2

const request = { groupId: string, topics: nullableArray({ name: string, partitionIndexes: array(int32) }) }
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
  request,
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    topics: array({ name: string, partitions: array(partitionResponse) }),
    errorCode: from(groupErrorSince, int16),
  },
  subjects: ({ groupId, topics }) => [
    { group: groupId },
    ...(topics ?? []).flatMap(({ name, partitionIndexes }) =>
      partitionIndexes.map((partition) => ({ group: groupId, topic: name, partition })),
    ),
  ],
  handle({ groupId, topics }, { cluster, brokerId, version }) {
    const fault = cluster.groups.fault(groupId, brokerId)
    if (fault) return refused(topics, errorCodes[fault], version)
    const group = cluster.groups.get(groupId)
    return {
      topics: (topics ?? committedTopics(group)).map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex): PartitionResponse => {
          const committed = group?.offsets.get(name, partitionIndex)
          if (!committed) return none(partitionIndex, errorCodes.NONE)
          return {
            partitionIndex,
            committedOffset: committed.nextOffset,
            committedLeaderEpoch: committed.leaderEpoch,
            metadata: committed.metadata,
            errorCode: errorCodes.NONE,
          }
        }),
      })),
      errorCode: errorCodes.NONE,
    }
  },
  fail: ({ topics }, errorCode, version) => refused(topics, errorCode, version),
})

/** An error of the group is told once, and no partition is named; the oldest version can tell it only partition by partition. */
function refused(topics: Value<typeof request>['topics'], errorCode: number, version: number) {
  const named = version < groupErrorSince ? (topics ?? []) : []
  return {
    topics: named.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => none(partitionIndex, errorCode)),
    })),
    errorCode,
  }
}

function none(partitionIndex: number, errorCode: number): PartitionResponse {
  return { partitionIndex, committedOffset: -1n, metadata: '', errorCode }
}

/** Everything the group ever committed, grouped as an answer wants it. */
function committedTopics(group: Group | undefined): { name: string; partitionIndexes: number[] }[] {
  const byTopic = Map.groupBy(group?.offsets.all() ?? [], ({ topic }) => topic)
  return [...byTopic].map(([name, offsets]) => ({ name, partitionIndexes: offsets.map(({ partition }) => partition) }))
}
