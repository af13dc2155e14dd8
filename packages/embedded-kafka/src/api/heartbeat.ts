import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, nullableString, string } from '../protocol/fields.ts'

export const heartbeat: Api = defineApi({
  key: 12,
  name: 'Heartbeat',
  versions: [0, 4],
  flexibleSince: 4,
  request: { groupId: string, generationId: int32, memberId: string, groupInstanceId: from(3, nullableString) },
  response: { throttleTimeMs: optional(from(1, int32), 0), errorCode: int16 },
  subjects: ({ groupId }) => [{ group: groupId }],
  handle(request, { cluster, brokerId }) {
    const fault = cluster.groups.fault(request.groupId, brokerId)
    const error = fault ?? cluster.groups.classic(request.groupId)?.heartbeat(request) ?? 'UNKNOWN_MEMBER_ID'
    return { errorCode: errorCodes[error] }
  },
  fail: (_request, errorCode) => ({ errorCode }),
})
