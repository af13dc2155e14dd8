import { maxMetadataBytes } from '../groups/committed-offsets.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  between,
  from,
  int16,
  int32,
  int64,
  nullableString,
  optional,
  string,
  type Value,
} from '../protocol/fields.ts'

const request = {
  groupId: string,
  generationIdOrMemberEpoch: int32,
  memberId: string,
  groupInstanceId: from(7, nullableString),
  retentionTimeMs: between(2, 4, int64),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: optional(from(6, int32), -1),
      committedMetadata: nullableString,
    }),
  }),
}

export const offsetCommit: Api = defineApi({
  key: 8,
  name: 'OffsetCommit',
  versions: [2, 7],
  flexibleSince: 8,
  request,
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
  subjects: ({ groupId, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ group: groupId, topic: name, partition: partitionIndex })),
    ),
  handle(commit, context) {
    const { cluster } = context
    const { groupId, topics } = commit
    const groupFault = faultOfGroup(commit, context)
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
          const answer = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error] })
          return context.staged(name, partitionIndex, answer, () => {
            if (groupFault) return answer(groupFault)
            const metadata = committedMetadata ?? ''
            if (!cluster.partition(name, partitionIndex)) return answer('UNKNOWN_TOPIC_OR_PARTITION')
            if (Buffer.byteLength(metadata) > maxMetadataBytes) return answer('OFFSET_METADATA_TOO_LARGE')
            // Neither the owner of the partition nor the direction of the commit is checked: Kafka does not either.
            cluster.groups.getOrCreate(groupId).offsets.set(name, partitionIndex, {
              nextOffset: committedOffset,
              leaderEpoch: committedLeaderEpoch,
              metadata,
              committedAt: cluster.clock.now(),
            })
            return answer('NONE')
          })
        }),
      })),
    }
  },
})

function faultOfGroup(commit: Value<typeof request>, { cluster, brokerId }: RequestContext): ErrorName | undefined {
  const { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: generationId } = commit
  const fault = cluster.groups.fault(groupId, brokerId)
  if (fault) return fault
  const group = cluster.groups.get(groupId)
  // A commit with a negative generation needs no group: it comes from a tool or from a consumer that assigns itself.
  if (!group) return generationId < 0 ? undefined : 'ILLEGAL_GENERATION'
  return group.commitFault({ memberId, groupInstanceId, generationId })
}
