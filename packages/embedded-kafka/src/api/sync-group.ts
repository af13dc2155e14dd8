import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { array, bytes, from, int16, int32, nullableString, optional, string } from '../protocol/fields.ts'

const nothing = Buffer.alloc(0)

export const syncGroup: Api = defineApi({
  key: 14,
  name: 'SyncGroup',
  versions: [0, 3],
  flexibleSince: 4,
  request: {
    groupId: string,
    generationId: int32,
    memberId: string,
    groupInstanceId: from(3, nullableString),
    assignments: array({ memberId: string, assignment: bytes }),
  },
  response: { throttleTimeMs: optional(from(1, int32), 0), errorCode: int16, assignment: bytes },
  subjects: ({ groupId }) => [{ group: groupId }],
  async handle(request, { cluster, brokerId }) {
    const fault = cluster.groups.fault(request.groupId, brokerId)
    if (fault) return { errorCode: errorCodes[fault], assignment: nothing }
    const group = cluster.groups.get(request.groupId)
    if (!group) return { errorCode: errorCodes.UNKNOWN_MEMBER_ID, assignment: nothing }
    // Copied: the group keeps an assignment longer than the request's bytes should live.
    const assignments = new Map(request.assignments.map((each) => [each.memberId, Buffer.from(each.assignment)]))
    const { error, assignment } = await group.sync(request, assignments)
    return { errorCode: errorCodes[error], assignment }
  },
  fail: (_request, errorCode) => ({ errorCode, assignment: nothing }),
})
