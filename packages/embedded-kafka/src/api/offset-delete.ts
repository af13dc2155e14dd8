import type { AnyGroup } from '../groups/group-coordinator.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi, never } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, string } from '../protocol/fields.ts'

/** Forgets what a group committed for single partitions, unless a member reads the topic. */
export const offsetDelete: Api = defineApi({
  key: 47,
  name: 'OffsetDelete',
  versions: [0, 0],
  flexibleSince: never,
  request: { groupId: string, topics: array({ name: string, partitions: array({ partitionIndex: int32 }) }) },
  response: {
    errorCode: int16,
    throttleTimeMs: optional(int32, 0),
    topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
  },
  subjects: ({ groupId, topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ group: groupId, topic: name, partition: partitionIndex })),
    ),
  handle({ groupId, topics }, context) {
    const group = context.cluster.groups.get(groupId)
    const fault = faultOf(group, groupId, context)
    if (fault || !group) return { errorCode: errorCodes[fault ?? 'GROUP_ID_NOT_FOUND'], topics: [] }
    return {
      errorCode: errorCodes.NONE,
      topics: topics.map(({ name, partitions }) => ({
        name,
        partitions: partitions.map(({ partitionIndex }) => {
          const answer = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error] })
          return context.staged(name, partitionIndex, answer, () => {
            if (!context.cluster.partition(name, partitionIndex)) return answer('UNKNOWN_TOPIC_OR_PARTITION')
            if (group.isSubscribedTo(name)) return answer('GROUP_SUBSCRIBED_TO_TOPIC')
            group.offsets.delete(name, partitionIndex)
            return answer('NONE')
          })
        }),
      })),
    }
  },
  fail: (_request, errorCode) => ({ errorCode, topics: [] }),
})

function faultOf(
  group: AnyGroup | undefined,
  groupId: string,
  { cluster, brokerId }: RequestContext,
): ErrorName | undefined {
  const fault = cluster.groups.fault(groupId, brokerId)
  if (fault || !group) return fault
  return group.state !== 'Empty' && group.protocolType !== 'consumer' ? 'NON_EMPTY_GROUP' : undefined
}
