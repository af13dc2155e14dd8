import { type JoinResult, refusedJoin } from '../groups/member.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { boolean, bytes, int16, int32, nullable, nullableString, string } from '../protocol/fields.ts'

export const joinGroup: Api = defineApi({
  key: 11,
  name: 'JoinGroup',
  versions: [0, 9],
  flexibleSince: 6,
  request: {
    groupId: string,
    sessionTimeoutMs: int32,
    rebalanceTimeoutMs: optional(from(1, int32), -1),
    memberId: string,
    groupInstanceId: from(5, nullableString),
    protocolType: string,
    protocols: array({ name: string, metadata: bytes }),
    reason: from(8, nullableString),
  },
  response: {
    throttleTimeMs: optional(from(2, int32), 0),
    errorCode: int16,
    generationId: int32,
    protocolType: from(7, nullableString),
    protocolName: nullable(string, 7),
    leader: string,
    skipAssignment: from(9, boolean),
    memberId: string,
    members: array({ memberId: string, groupInstanceId: from(5, nullableString), metadata: bytes }),
  },
  subjects: ({ groupId }) => [{ group: groupId }],
  async handle(request, { cluster, brokerId, version, clientId, clientHost }) {
    const { groupId, memberId, sessionTimeoutMs, rebalanceTimeoutMs } = request
    const { groupMinSessionTimeoutMs, groupMaxSessionTimeoutMs } = cluster.options
    const fault = cluster.groups.fault(groupId, brokerId)
    if (fault) return answer(refusedJoin(fault, memberId))
    if (sessionTimeoutMs < groupMinSessionTimeoutMs || sessionTimeoutMs > groupMaxSessionTimeoutMs)
      return answer(refusedJoin('INVALID_SESSION_TIMEOUT', memberId))
    if (memberId !== '' && !cluster.groups.classic(groupId)) return answer(refusedJoin('UNKNOWN_MEMBER_ID', memberId))

    const group = cluster.groups.becomeClassic(groupId)
    if (!group) return answer(refusedJoin('INCONSISTENT_GROUP_PROTOCOL', memberId))
    const joined = await group.join({
      ...request,
      rebalanceTimeoutMs: rebalanceTimeoutMs < 0 ? sessionTimeoutMs : rebalanceTimeoutMs,
      clientId,
      clientHost,
      canAskAgain: version >= 4,
      canSkipAssignment: version >= 9,
    })
    return answer(joined)
  },
  fail: ({ memberId }, errorCode) => ({ ...answer(refusedJoin('NONE', memberId)), errorCode }),
})

function answer({ error, leaderId, ...joined }: JoinResult) {
  return { ...joined, errorCode: errorCodes[error], leader: leaderId }
}
