import type { Identity } from '../groups/roster.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { between, from, optional } from '../protocol/field-type.ts'
import { int16, int32, nullableString, string } from '../protocol/fields.ts'

/** Since version 3 a request names several members, and each gets an answer of its own. */
const batchedSince = 3

export const leaveGroup: Api = defineApi({
  key: 13,
  name: 'LeaveGroup',
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string,
    memberId: between(0, 2, string),
    members: from(
      batchedSince,
      array({ memberId: string, groupInstanceId: nullableString, reason: from(5, nullableString) }),
    ),
  },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: int16,
    members: from(batchedSince, array({ memberId: string, groupInstanceId: nullableString, errorCode: int16 })),
  },
  subjects: ({ groupId }) => [{ group: groupId }],
  handle({ groupId, memberId, members }, { cluster, brokerId, version }) {
    const fault = cluster.groups.fault(groupId, brokerId)
    if (fault) return { errorCode: errorCodes[fault], members: [] }
    const group = cluster.groups.get(groupId)
    const leaving: readonly Identity[] = version < batchedSince ? [{ memberId, groupInstanceId: null }] : members
    const errors = group?.type === 'consumer' ? leaving.map((each) => group.remove(each)) : group?.leave(leaving)
    const codes = leaving.map((_, index) => errorCodes[errors?.[index] ?? 'UNKNOWN_MEMBER_ID'])
    if (version < batchedSince) return { errorCode: codes[0] ?? errorCodes.NONE, members: [] }
    return {
      errorCode: errorCodes.NONE,
      members: leaving.map((member, index) => ({ ...member, errorCode: codes[index] ?? errorCodes.NONE })),
    }
  },
  fail: (_request, errorCode) => ({ errorCode, members: [] }),
})
