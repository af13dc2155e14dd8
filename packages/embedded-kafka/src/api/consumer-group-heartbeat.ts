import { assignors } from '../groups/consumer/assignors.ts'
import { GroupRefusal } from '../groups/consumer/group-refusal.ts'
import type { HeartbeatAnswer } from '../groups/consumer/heartbeat.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array, struct } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, optional, type Value } from '../protocol/field-type.ts'
import { int16, int32, nullable, nullableString, string, uuid } from '../protocol/fields.ts'

/** Since that version a client makes up its own id. */
const ownIdSince = 1

/** What the epoch of a request says, when it is none. */
const epochs = { join: 0, leave: -1, leaveForNow: -2 } as const

const topicPartitions = { topicId: uuid, partitions: array(int32) }
const request = {
  groupId: string,
  memberId: string,
  memberEpoch: int32,
  instanceId: optional(nullableString, null),
  rackId: optional(nullableString, null),
  rebalanceTimeoutMs: optional(int32, -1),
  subscribedTopicNames: optional(nullable(array(string)), null),
  subscribedTopicRegex: optional(from(1, nullableString), null),
  serverAssignor: optional(nullableString, null),
  topicPartitions: optional(nullable(array(topicPartitions)), null),
}
type Request = Value<typeof request>

export const consumerGroupHeartbeat: Api = defineApi({
  key: 68,
  name: 'ConsumerGroupHeartbeat',
  versions: [0, 1],
  flexibleSince: 0,
  request,
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    errorMessage: optional(nullableString, null),
    memberId: optional(nullableString, null),
    memberEpoch: optional(int32, 0),
    heartbeatIntervalMs: optional(int32, 0),
    assignment: optional(nullable(struct({ topicPartitions: array(topicPartitions) })), null),
  },
  subjects: ({ groupId }) => [{ group: groupId }],
  handle(asked, context) {
    try {
      const { assignment, ...answer } = apply(asked, context)
      return {
        errorCode: errorCodes.NONE,
        ...answer,
        assignment: assignment && { topicPartitions: assignment },
      }
    } catch (error) {
      if (error instanceof GroupRefusal) return { errorCode: errorCodes[error.error], errorMessage: error.message }
      throw error
    }
  },
  fail: (_request, errorCode) => ({ errorCode }),
})

function apply(asked: Request, context: RequestContext): HeartbeatAnswer {
  const { cluster, brokerId, version, clientId, clientHost } = context
  if (asked.subscribedTopicNames?.some((topic) => !context.sees(topic)))
    throw new GroupRefusal('TOPIC_AUTHORIZATION_FAILED', 'Topic authorization failed.')
  throwIfMalformed(asked, version)
  const { groupId, memberEpoch } = asked
  const fault = cluster.groups.fault(groupId, brokerId)
  if (fault) throw new GroupRefusal(fault, sentences[fault] ?? fault)
  const joins = memberEpoch === epochs.join
  const group = joins ? cluster.groups.becomeConsumer(groupId) : cluster.groups.consumer(groupId)
  if (!group) {
    const isClassic = cluster.groups.get(groupId) !== undefined
    const message = isClassic ? `Group ${groupId} is not a consumer group.` : `Group ${groupId} not found.`
    throw new GroupRefusal('GROUP_ID_NOT_FOUND', message)
  }
  if (memberEpoch < epochs.join) return group.leave(asked)
  return group.heartbeat({
    memberId: asked.memberId === '' ? crypto.randomUUID() : asked.memberId,
    memberEpoch,
    instanceId: asked.instanceId,
    rackId: asked.rackId,
    rebalanceTimeoutMs: asked.rebalanceTimeoutMs,
    topicNames: asked.subscribedTopicNames,
    topicRegex: asked.subscribedTopicRegex,
    assignor: asked.serverAssignor,
    owned: asked.topicPartitions,
    clientId,
    clientHost,
    sees: (topic) => context.sees(topic),
  })
}

const sentences: Partial<Record<ErrorName, string>> = { NOT_COORDINATOR: 'This is not the correct coordinator.' }

function throwIfMalformed(asked: Request, version: number): void {
  const { memberId, memberEpoch, groupId, instanceId, rackId, serverAssignor } = asked
  const needsId = version >= ownIdSince || memberEpoch > epochs.join || memberEpoch === epochs.leave
  if (needsId) throwIfBlank(memberId, 'MemberId')
  throwIfBlank(groupId, 'GroupId')
  throwIfBlank(instanceId, 'InstanceId')
  throwIfBlank(rackId, 'RackId')
  if (memberEpoch === epochs.join) throwIfIncomplete(asked)
  if (memberEpoch === epochs.leaveForNow && instanceId === null)
    throw new GroupRefusal('INVALID_REQUEST', "InstanceId can't be null.")
  if (memberEpoch < epochs.leaveForNow) throw new GroupRefusal('INVALID_REQUEST', 'MemberEpoch is invalid.')
  if (serverAssignor !== null && !assignors.has(serverAssignor))
    throw new GroupRefusal(
      'UNSUPPORTED_ASSIGNOR',
      `ServerAssignor ${serverAssignor} is not supported. Supported assignors: ${[...assignors.keys()].join(', ')}.`,
    )
}

/** Who joins says everything, and owns nothing. */
function throwIfIncomplete(asked: Request): void {
  if (asked.rebalanceTimeoutMs === -1)
    throw new GroupRefusal('INVALID_REQUEST', 'RebalanceTimeoutMs must be provided in first request.')
  if (asked.topicPartitions?.length !== 0)
    throw new GroupRefusal('INVALID_REQUEST', 'TopicPartitions must be empty when (re-)joining.')
  if (asked.subscribedTopicNames === null && asked.subscribedTopicRegex === null)
    throw new GroupRefusal(
      'INVALID_REQUEST',
      'Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.',
    )
}

function throwIfBlank(value: string | null, field: string): void {
  if (value?.trim() === '') throw new GroupRefusal('INVALID_REQUEST', `${field} can't be empty.`)
}
