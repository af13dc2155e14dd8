import { maxMetadataLength } from '../groups/committed-offsets.ts'
import { commitFault } from '../groups/consumer/offset-fencing.ts'
import { keysOf } from '../groups/consumer/partition-key.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, optional, type Value } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, string, uuid, zeroUuid } from '../protocol/fields.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import { topicName } from './topic-reference.ts'

const namesUntil = 9

const request = {
  groupId: string,
  generationIdOrMemberEpoch: int32,
  memberId: string,
  groupInstanceId: from(7, nullableString),
  retentionTimeMs: between(2, 4, int64),
  topics: array({
    name: between(0, namesUntil, string),
    topicId: from(namesUntil + 1, uuid),
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
  versions: [2, 10],
  flexibleSince: 8,
  request,
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    topics: array({
      name: between(0, namesUntil, string),
      topicId: from(namesUntil + 1, uuid),
      partitions: array({ partitionIndex: int32, errorCode: int16 }),
    }),
  },
  subjects: ({ groupId, topics }, cluster) =>
    topics.flatMap(({ name, topicId, partitions }) => {
      const topic = topicName(name, topicId, cluster) ?? ''
      return partitions.map(({ partitionIndex }) => ({ group: groupId, topic, partition: partitionIndex }))
    }),
  handle(commit, context) {
    const { cluster } = context
    const { groupId, topics } = commit
    const groupFault = faultOfGroup(commit, context)
    return {
      topics: topics.map(({ name: sentName, topicId, partitions }) => ({
        name: sentName,
        topicId,
        partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
          const answer = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error] })
          const name = topicName(sentName, topicId, cluster, context.version > namesUntil)
          if (name === undefined) return answer('UNKNOWN_TOPIC_ID')
          return context.staged(name, partitionIndex, answer, () => {
            if (!cluster.partition(name, partitionIndex)) return answer('UNKNOWN_TOPIC_OR_PARTITION')
            if (groupFault) return answer(groupFault)
            const metadata = committedMetadata ?? ''
            if (metadata.length > maxMetadataLength) return answer('OFFSET_METADATA_TOO_LARGE')
            // Neither the owner of the partition nor the direction of the commit is checked: Kafka does not either.
            const { offsets } = cluster.groups.getOrCreate(groupId)
            const committed = {
              nextOffset: committedOffset,
              leaderEpoch: committedLeaderEpoch,
              metadata,
              committedAt: cluster.clock.now(),
            }
            try {
              offsets.set(name, partitionIndex, committed)
            } catch (error) {
              // Kafka's word for a coordinator whose log cannot be written: another one may be able to.
              if (error instanceof StorageFailed) return answer('NOT_COORDINATOR')
              throw error
            }
            return answer('NONE')
          })
        }),
      })),
    }
  },
})

/** Since then a client knows of groups that do not exist, and of members that are behind. */
const newErrorsSince = 9

function faultOfGroup(
  { groupId, memberId, groupInstanceId, generationIdOrMemberEpoch: epoch, topics }: Value<typeof request>,
  { cluster, brokerId, version }: RequestContext,
): ErrorName | undefined {
  const fault = cluster.groups.fault(groupId, brokerId)
  if (fault) return fault
  const group = cluster.groups.get(groupId)
  // A commit with a negative generation needs no group: it comes from a tool or from a consumer that assigns itself.
  if (!group && epoch < 0) return undefined
  if (!group) return version < newErrorsSince ? 'ILLEGAL_GENERATION' : 'GROUP_ID_NOT_FOUND'
  if (group.type === 'classic') return group.commitFault({ memberId, groupInstanceId, generationId: epoch })
  if (group.get(memberId) && version < newErrorsSince) return 'UNSUPPORTED_VERSION'
  // One partition that may not be committed spoils the whole request.
  const committed = topics.map(({ name, topicId, partitions }) => ({
    topicId: topicId === zeroUuid ? (cluster.topic(name)?.id ?? zeroUuid) : topicId,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }))
  return commitFault(group, { memberId, memberEpoch: epoch }, keysOf(committed))
}
