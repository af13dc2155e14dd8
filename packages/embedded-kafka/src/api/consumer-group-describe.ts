import type { Cluster } from '../cluster/cluster.ts'
import type { ConsumerGroup } from '../groups/consumer/consumer-group.ts'
import type { ConsumerMember } from '../groups/consumer/consumer-member.ts'
import { listed, type PartitionKey } from '../groups/consumer/partition-key.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array, struct } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, type Input, optional } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, nullableString, string, uuid } from '../protocol/fields.ts'
import { authorizedOperations, notAsked } from './authorized-operations.ts'
import { onceEach } from './once-each.ts'

/** Classic members of a consumer group would be 0; there are none here. */
const consumerMemberType = 1

const assignment = struct({
  topicPartitions: array({ topicId: uuid, topicName: string, partitions: array(int32) }),
})
const memberResponse = {
  memberId: string,
  instanceId: nullableString,
  rackId: nullableString,
  memberEpoch: int32,
  clientId: string,
  clientHost: string,
  subscribedTopicNames: array(string),
  subscribedTopicRegex: nullableString,
  assignment,
  targetAssignment: assignment,
  memberType: from(1, int8),
}
const groupResponse = {
  errorCode: int16,
  errorMessage: optional(nullableString, null),
  groupId: string,
  groupState: string,
  groupEpoch: int32,
  assignmentEpoch: int32,
  assignorName: string,
  members: array(memberResponse),
  authorizedOperations: optional(int32, notAsked),
}

type GroupResponse = Input<typeof groupResponse>

export const consumerGroupDescribe: Api = defineApi({
  key: 69,
  name: 'ConsumerGroupDescribe',
  versions: [0, 1],
  flexibleSince: 0,
  request: { groupIds: array(string), includeAuthorizedOperations: boolean },
  response: { throttleTimeMs: optional(int32, 0), groups: array(groupResponse) },
  subjects: ({ groupIds }) => groupIds.map((group) => ({ group })),
  handle: ({ groupIds, includeAuthorizedOperations }, { cluster, brokerId, sees }) => ({
    groups: onceEach(groupIds, String).map((groupId) => {
      const fault = cluster.groups.fault(groupId, brokerId)
      if (fault) return unknown(groupId, errorCodes[fault])
      const group = cluster.groups.consumer(groupId)
      if (group)
        return {
          ...visible(described(group, cluster), sees),
          authorizedOperations: authorizedOperations('group', includeAuthorizedOperations),
        }
      const reason = cluster.groups.get(groupId) ? 'is not a consumer group' : 'not found'
      return { ...unknown(groupId, errorCodes.GROUP_ID_NOT_FOUND), errorMessage: `Group ${groupId} ${reason}.` }
    }),
  }),
  fail: ({ groupIds }, errorCode) => ({ groups: groupIds.map((groupId) => unknown(groupId, errorCode)) }),
})

function unknown(groupId: string, errorCode: number): GroupResponse {
  return { errorCode, groupId, groupState: '', groupEpoch: 0, assignmentEpoch: 0, assignorName: '', members: [] }
}

function described(group: ConsumerGroup, cluster: Cluster): GroupResponse {
  return {
    errorCode: errorCodes.NONE,
    groupId: group.id,
    groupState: group.state,
    groupEpoch: group.epoch,
    assignmentEpoch: group.assignmentEpoch,
    assignorName: group.assignor,
    members: group.members.map((member) => describedMember(member, cluster)),
  }
}

/** Who may not know of one of the topics that are assigned is told of no member. */
function visible(group: GroupResponse, sees: (topic: string) => boolean): GroupResponse {
  const assignments = group.members.flatMap(({ assignment, targetAssignment }) => [assignment, targetAssignment])
  const topics = assignments.flatMap(({ topicPartitions }) => topicPartitions.map(({ topicName }) => topicName))
  if (topics.every(sees)) return group
  return {
    ...group,
    errorCode: errorCodes.TOPIC_AUTHORIZATION_FAILED,
    errorMessage: 'The group uses topics that the client is not authorized to describe.',
    members: [],
  }
}

function describedMember(member: ConsumerMember, cluster: Cluster): Input<typeof memberResponse> {
  const { assigned, revoking, epoch } = member.progress
  const named = (keys: Iterable<PartitionKey>) => ({
    topicPartitions: listed(keys).flatMap(({ topicId, partitions }) => {
      const topic = cluster.topicById(topicId)
      return topic ? [{ topicId, topicName: topic.name, partitions }] : []
    }),
  })
  return {
    memberId: member.id,
    instanceId: member.instanceId,
    rackId: member.rackId,
    memberEpoch: epoch,
    clientId: member.clientId,
    clientHost: member.clientHost,
    subscribedTopicNames: [...member.topicNames],
    subscribedTopicRegex: member.topicRegex,
    assignment: named([...assigned.keys(), ...revoking.keys()]),
    targetAssignment: named(member.target),
    memberType: consumerMemberType,
  }
}
