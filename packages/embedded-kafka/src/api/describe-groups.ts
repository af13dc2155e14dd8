import type { Group } from '../groups/group.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, type Input, optional } from '../protocol/field-type.ts'
import { boolean, bytes, int16, int32, nullableString, string } from '../protocol/fields.ts'
import { authorizedOperations, notAsked } from './authorized-operations.ts'
import { onceEach } from './once-each.ts'

/** Since that version a group that does not exist is an error; earlier it is dead. */
const absenceIsErrorSince = 6

const nothing = Buffer.alloc(0)

const groupResponse = {
  errorCode: int16,
  errorMessage: optional(from(6, nullableString), null),
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
  authorizedOperations: optional(from(3, int32), notAsked),
}
type GroupResponse = Input<typeof groupResponse>

export const describeGroups: Api = defineApi({
  key: 15,
  name: 'DescribeGroups',
  versions: [0, 6],
  flexibleSince: 5,
  request: { groups: array(string), includeAuthorizedOperations: from(3, boolean) },
  response: { throttleTimeMs: optional(from(1, int32), 0), groups: array(groupResponse) },
  subjects: ({ groups }) => groups.map((group) => ({ group })),
  handle: ({ groups, includeAuthorizedOperations }, { cluster, brokerId, version }) => ({
    groups: onceEach(groups, String).map((groupId) => {
      const fault = cluster.groups.fault(groupId, brokerId)
      if (fault) return unknown(groupId, errorCodes[fault], '')
      const group = cluster.groups.classic(groupId)
      const operations = authorizedOperations('group', includeAuthorizedOperations)
      if (group) return { ...described(group), authorizedOperations: operations }
      if (version < absenceIsErrorSince) return unknown(groupId, errorCodes.NONE, 'Dead')
      const reason = cluster.groups.get(groupId) ? 'is not a classic group' : 'not found'
      const errorMessage = `Group ${groupId} ${reason}.`
      return { ...unknown(groupId, errorCodes.GROUP_ID_NOT_FOUND, 'Dead'), errorMessage }
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
