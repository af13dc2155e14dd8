import type { Group } from '../groups/group.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  boolean,
  bytes,
  from,
  type Input,
  int16,
  int32,
  nullableString,
  optional,
  string,
} from '../protocol/fields.ts'

const notAuthorised = -2_147_483_648
const nothing = Buffer.alloc(0)

const groupResponse = {
  errorCode: int16,
  groupId: string,
  groupState: string,
  protocolType: string,
  protocolData: string,
  members: array({
    memberId: string,
    groupInstanceId: from(4, nullableString),
    clientId: string,
    clientHost: string,
    memberMetadata: bytes,
    memberAssignment: bytes,
  }),
  authorizedOperations: optional(from(3, int32), notAuthorised),
}
type GroupResponse = Input<typeof groupResponse>

export const describeGroups: Api = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 4],
  flexibleSince: 5,
  request: { groups: array(string), includeAuthorizedOperations: from(3, boolean) },
  response: { throttleTimeMs: optional(from(1, int32), 0), groups: array(groupResponse) },
  subjects: ({ groups }) => groups.map((group) => ({ group })),
  handle: ({ groups }, { cluster, brokerId }) => ({
    groups: groups.map((groupId) => {
      const fault = cluster.groups.fault(groupId, brokerId)
      if (fault) return unknown(groupId, errorCodes[fault], '')
      const group = cluster.groups.get(groupId)
      // Kafka calls a group that it never heard of dead, without an error, before version 6.
      return group ? described(group) : unknown(groupId, errorCodes.NONE, 'Dead')
    }),
  }),
  fail: ({ groups }, errorCode) => ({ groups: groups.map((groupId) => unknown(groupId, errorCode, '')) }),
})

function unknown(groupId: string, errorCode: number, groupState: string): GroupResponse {
  return { errorCode, groupId, groupState, protocolType: '', protocolData: '', members: [] }
}

function described(group: Group): GroupResponse {
  // While a group rebalances it is open which strategy wins; assignments are the ones from before.
  const isSettled = group.state === 'Stable'
  return {
    errorCode: errorCodes.NONE,
    groupId: group.id,
    groupState: group.state,
    protocolType: group.protocolType,
    protocolData: isSettled ? group.protocolName : '',
    members: group.members.map((member) => ({
      memberId: member.id,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: isSettled ? member.metadataFor(group.protocolName) : nothing,
      memberAssignment: member.assignment,
    })),
  }
}
