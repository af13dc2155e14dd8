import { maxMetadataLength } from '../groups/committed-offsets.ts'
import { commitFault } from '../groups/consumer/offset-fencing.ts'
import { keysOf } from '../groups/consumer/partition-key.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, optional, type Value } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, string, zeroUuid } from '../protocol/fields.ts'
import { admit } from '../transactions/admission.ts'
import { offsetsPartitionOf, offsetsTopic } from '../transactions/offsets-topic.ts'

/** From here on a producer need not ask with AddOffsetsToTxn before. */
const addsSince = 5
/** From here on clients know what to do when a partition is not part of their transaction. */
const abortableSince = 4

const request = {
  transactionalId: string,
  groupId: string,
  producerId: int64,
  producerEpoch: int16,
  generationId: optional(from(3, int32), -1),
  memberId: from(3, string),
  groupInstanceId: from(3, nullableString),
  topics: array({
    name: string,
    partitions: array({
      partitionIndex: int32,
      committedOffset: int64,
      committedLeaderEpoch: optional(from(2, int32), -1),
      committedMetadata: nullableString,
    }),
  }),
}

/** Commits offsets of a group that count once the transaction is committed. */
export const txnOffsetCommit: Api = defineApi({
  key: 28,
  name: 'TxnOffsetCommit',
  versions: [0, 5],
  flexibleSince: 3,
  request,
  response: {
    throttleTimeMs: optional(int32, 0),
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
  subjects: ({ transactionalId, groupId, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({
        transactionalId,
        group: groupId,
        topic: name,
        partition: partitionIndex,
      })),
    ),
  handle(commit, context) {
    const { cluster } = context
    const { groupId, topics, producerId } = commit
    const isKnown = (name: string, partition: number) => cluster.partition(name, partition) !== undefined
    // Nothing begins where there is nothing to commit for.
    const hasAny = topics.some(({ name, partitions }) => partitions.some((each) => isKnown(name, each.partitionIndex)))
    const fault = hasAny ? faultOf(commit, context) : undefined
    return {
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex, committedOffset, committedLeaderEpoch, committedMetadata }) => {
          const answer = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error] })
          return context.staged(name, partitionIndex, answer, () => {
            if (!isKnown(name, partitionIndex)) return answer('UNKNOWN_TOPIC_OR_PARTITION')
            if (fault) return answer(fault)
            const metadata = committedMetadata ?? ''
            if (metadata.length > maxMetadataLength) return answer('OFFSET_METADATA_TOO_LARGE')
            cluster.groups.getOrCreate(groupId).offsets.pending.add(producerId, {
              topic: name,
              partition: partitionIndex,
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

function faultOf(commit: Value<typeof request>, { cluster, brokerId, version }: RequestContext): ErrorName | undefined {
  const { groupId, transactionalId, generationId, memberId, groupInstanceId, topics } = commit
  const notHere = cluster.groups.fault(groupId, brokerId)
  if (notHere) return notHere
  const place = { topic: offsetsTopic, partition: offsetsPartitionOf(groupId) }
  const refused = admit(cluster.transactions, transactionalId, commit, place, {
    addsPartitions: version >= addsSince,
    knowsAbortable: version >= abortableSince,
  })
  if (refused) return refused === 'CONCURRENT_TRANSACTIONS' ? 'COORDINATOR_LOAD_IN_PROGRESS' : refused
  const group = cluster.groups.get(groupId)
  if (!group) return generationId < 0 ? undefined : 'ILLEGAL_GENERATION'
  // Only a commit that names a member is held against the group: producers of earlier versions could not name one.
  if (generationId < 0 && memberId === '' && groupInstanceId === null) return undefined
  if (group.type === 'classic') return group.transactionalCommitFault({ memberId, groupInstanceId, generationId })
  const committed = topics.map(({ name, partitions }) => ({
    topicId: cluster.topic(name)?.id ?? zeroUuid,
    partitions: partitions.map(({ partitionIndex }) => partitionIndex),
  }))
  const fault = commitFault(group, { memberId, memberEpoch: generationId }, keysOf(committed))
  return fault === 'STALE_MEMBER_EPOCH' ? 'ILLEGAL_GENERATION' : fault
}
