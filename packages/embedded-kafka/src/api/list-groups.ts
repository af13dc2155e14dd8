import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { array, from, int16, int32, optional, string } from '../protocol/fields.ts'

export const listGroups: Api = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: [0, 2],
  flexibleSince: 3,
  request: {},
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: int16,
    groups: array({ groupId: string, protocolType: string }),
  },
  handle: (_request, { cluster, brokerId }) => ({
    errorCode: errorCodes.NONE,
    // Each broker lists the groups that it coordinates; clients ask all of them.
    groups: [...cluster.groups.groups]
      .filter(({ id }) => cluster.groups.coordinatorOf(id) === brokerId)
      .map(({ id, protocolType }) => ({ groupId: id, protocolType })),
  }),
  fail: (_request, errorCode) => ({ errorCode, groups: [] }),
})
