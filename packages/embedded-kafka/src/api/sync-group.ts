import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { bytes, int16, int32, nullableString, string } from '../protocol/fields.ts'

const nothing = Buffer.alloc(0)

/** Since that version a member says which protocol it believes was chosen, and must. */
const protocolSince = 5

export const syncGroup: Api = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 5],
  flexibleSince: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: from(3, nullableString),
    protocolType: from(5, nullableString),
    protocolName: from(5, nullableString),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: int16,
    protocolType: optional(from(5, nullableString), null),
    protocolName: optional(from(5, nullableString), null),
    assignment: bytes,
  },
  subjects: ({ groupId }) => [{ group: groupId }],
  async handle(request, { cluster, brokerId, version }) {
    if (version >= protocolSince && (request.protocolType === null || request.protocolName === null))
      return { errorCode: errorCodes.INCONSISTENT_GROUP_PROTOCOL, assignment: nothing }
    const fault = cluster.groups.fault(request.groupId, brokerId)
    if (fault) return { errorCode: errorCodes[fault], assignment: nothing }
    const group = cluster.groups.classic(request.groupId)
    if (!group) return { errorCode: errorCodes.UNKNOWN_MEMBER_ID, assignment: nothing }
    // Copied: the group keeps an assignment longer than the request's bytes should live.
    const assignments = new Map(request.assignments.map((each) => [each.memberId, Buffer.from(each.assignment)]))
    const { error, assignment } = await group.sync(request, assignments)
    if (error !== 'NONE') return { errorCode: errorCodes[error], assignment }
    return {
      errorCode: errorCodes.NONE,
      protocolType: group.protocolType,
      protocolName: group.protocolName,
      assignment,
    }
  },
  fail: (_request, errorCode) => ({ errorCode, assignment: nothing }),
})
