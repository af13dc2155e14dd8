import { fetchFault } from '../groups/consumer/offset-fencing.ts'
import type { AnyGroup } from '../groups/group-coordinator.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional, type Value } from '../protocol/field-type.ts'
import { boolean, int16, int32, int64, nullable, nullableString, string, uuid, zeroUuid } from '../protocol/fields.ts'
import { onceEach } from './once-each.ts'
import { topicName } from './topic-reference.ts'

const groupErrorSince = 2
/** Since version 8 a request asks about several groups, and each gets an answer of its own. */
const batchedSince = 8
const single = batchedSince - 1
const namesUntil = 9

const topicRequest = {
  name: between(0, namesUntil, string),
  topicId: from(namesUntil + 1, uuid),
  partitionIndexes: array(int32),
}
const request = {
  groupId: between(0, single, string),
  topics: between(0, single, nullable(array({ name: string, partitionIndexes: array(int32) }), 2)),
  groups: from(
    batchedSince,
    array({
      groupId: string,
      memberId: from(9, nullableString),
      memberEpoch: optional(from(9, int32), -1),
      topics: nullable(array(topicRequest)),
    }),
  ),
  requireStable: from(7, boolean),
}
const partitionResponse = {
  partitionIndex: int32,
  committedOffset: int64,
  committedLeaderEpoch: optional(from(5, int32), -1),
  metadata: nullableString,
  errorCode: int16,
}
const topicResponse = {
  name: between(0, namesUntil, string),
  topicId: optional(from(namesUntil + 1, uuid), zeroUuid),
  partitions: array(partitionResponse),
}
const groupResponse = { groupId: string, topics: array(topicResponse), errorCode: int16 }

type GroupRequest = Value<typeof request>['groups'][number]
type TopicRequest = Value<typeof topicRequest>
type PartitionResponse = Input<typeof partitionResponse>
type GroupResponse = Input<typeof groupResponse>

export const offsetFetch: Api = defineApi({
  key: 9,
  name: 'OffsetFetch',
  versions: [1, 10],
  flexibleSince: 6,
  request,
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    topics: between(0, single, array({ name: string, partitions: array(partitionResponse) })),
    errorCode: between(groupErrorSince, single, int16),
    groups: from(batchedSince, array(groupResponse)),
  },
  subjects: (asked, cluster) =>
    namedGroups(asked).flatMap(({ groupId, topics }) => [
      { group: groupId },
      ...(topics ?? committedTopics(cluster.groups.get(groupId))).flatMap(({ name, topicId, partitionIndexes }) => {
        const topic = topicName(name, topicId, cluster) ?? ''
        return partitionIndexes.map((partition) => ({ group: groupId, topic, partition }))
      }),
    ]),
  handle: (asked, context) =>
    answer(groupsOf(asked, context.version).map((group) => offsetsOf(group, asked.requireStable, context))),
  fail: (asked, errorCode, version) =>
    answer(groupsOf(asked, version).map((group) => refused(group, errorCode, version))),
})

/** Whatever the version: in each of them one of the two is empty. */
function namedGroups(asked: Value<typeof request>): readonly GroupRequest[] {
  return [onlyGroup(asked), ...asked.groups].filter(({ groupId }) => groupId !== '')
}

function groupsOf(asked: Value<typeof request>, version: number): readonly GroupRequest[] {
  return version < batchedSince ? [onlyGroup(asked)] : onceEach(asked.groups, ({ groupId }) => groupId)
}

/** Old requests ask about one group, which is all that they consist of; in new ones it has no name. */
function onlyGroup({ groupId, topics }: Value<typeof request>): GroupRequest {
  const named = topics?.map((topic) => ({ ...topic, topicId: zeroUuid })) ?? null
  return { groupId, memberId: null, memberEpoch: -1, topics: named }
}

/** Old versions read the only group's answer from the response itself, new ones all of them from the list. */
function answer(groups: readonly GroupResponse[]) {
  const [first] = groups
  return { topics: first?.topics ?? [], errorCode: first?.errorCode ?? errorCodes.NONE, groups }
}

function offsetsOf(asked: GroupRequest, requireStable: boolean, context: RequestContext): GroupResponse {
  const { cluster, brokerId, version } = context
  const fault = cluster.groups.fault(asked.groupId, brokerId)
  if (fault) return refused(asked, errorCodes[fault], version)
  const group = cluster.groups.get(asked.groupId)
  const memberFault = group?.type === 'consumer' && fetchFault(group, asked.memberId, asked.memberEpoch)
  if (memberFault) return refused(asked, errorCodes[memberFault], version)
  // Who asks for everything is not told of topics that it may not see; who asks for one by name is refused.
  const topics = asked.topics ?? committedTopics(group).filter(({ name }) => context.sees(name))
  return {
    groupId: asked.groupId,
    topics: topics.map(({ name, topicId, partitionIndexes }) => {
      const isById = asked.topics !== null && version > namesUntil
      const known = topicName(name, topicId, cluster, isById)
      const partitions = partitionIndexes.map((partitionIndex): PartitionResponse => {
        const refuse = (error: ErrorName): PartitionResponse => none(partitionIndex, errorCodes[error])
        if (known === undefined) return refuse('UNKNOWN_TOPIC_ID')
        return context.staged(known, partitionIndex, refuse, () => {
          // A reader that went on from the offset before would read again what an open transaction has read.
          if (requireStable && group?.offsets.pending.has(known, partitionIndex))
            return refuse('UNSTABLE_OFFSET_COMMIT')
          const committed = group?.offsets.get(known, partitionIndex)
          if (!committed) return refuse('NONE')
          return {
            partitionIndex,
            committedOffset: committed.nextOffset,
            committedLeaderEpoch: committed.leaderEpoch,
            metadata: committed.metadata,
            errorCode: errorCodes.NONE,
          }
        })
      })
      return { name, topicId: cluster.topic(known ?? '')?.id ?? topicId, partitions }
    }),
    errorCode: errorCodes.NONE,
  }
}

/** An error of the group is told once, and no partition is named; the oldest version can tell it only partition by partition. */
function refused({ groupId, topics }: GroupRequest, errorCode: number, version: number): GroupResponse {
  const named = version < groupErrorSince ? (topics ?? []) : []
  return {
    groupId,
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
function committedTopics(group: AnyGroup | undefined): TopicRequest[] {
  const byTopic = Map.groupBy(group?.offsets.all() ?? [], ({ topic }) => topic)
  return [...byTopic].map(([name, offsets]) => ({
    name,
    topicId: zeroUuid,
    partitionIndexes: offsets.map(({ partition }) => partition),
  }))
}
