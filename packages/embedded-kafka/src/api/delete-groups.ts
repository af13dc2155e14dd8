import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, string } from '../protocol/fields.ts'

export const deleteGroups: Api = defineApi({
  key: 42,
  name: 'DeleteGroups',
  versions: [0, 2],
  flexibleSince: 2,
  request: { groupsNames: array(string) },
  response: { throttleTimeMs: optional(int32, 0), results: array({ groupId: string, errorCode: int16 }) },
  subjects: ({ groupsNames }) => groupsNames.map((group) => ({ group })),
  handle: ({ groupsNames }, context) => ({
    results: groupsNames.map((groupId) => ({ groupId, errorCode: errorCodes[deleteGroup(groupId, context)] })),
  }),
  fail: ({ groupsNames }, errorCode) => ({ results: groupsNames.map((groupId) => ({ groupId, errorCode })) }),
})

function deleteGroup(groupId: string, { cluster, brokerId }: RequestContext): ErrorName {
  const group = cluster.groups.get(groupId)
  const fault = groupId === '' ? undefined : cluster.groups.fault(groupId, brokerId)
  if (fault) return fault
  if (!group) return 'GROUP_ID_NOT_FOUND'
  if (group.state !== 'Empty') return 'NON_EMPTY_GROUP'
  cluster.groups.delete(group)
  return 'NONE'
}
