import type { AnyGroup } from '../groups/group-coordinator.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, string } from '../protocol/fields.ts'

export const listGroups: Api = defineApi({
  key: 16,
  name: 'ListGroups',
  versions: [0, 5],
  flexibleSince: 3,
  request: { statesFilter: from(4, array(string)), typesFilter: from(5, array(string)) },
  response: {
    throttleTimeMs: optional(from(1, int32), 0),
    errorCode: int16,
    groups: array({
      groupId: string,
      protocolType: string,
      groupState: from(4, string),
      groupType: from(5, string),
    }),
  },
  handle({ statesFilter, typesFilter }, { cluster, brokerId }) {
    const isWanted = ({ state, type }: AnyGroup): boolean => passes(statesFilter, state) && passes(typesFilter, type)
    return {
      errorCode: errorCodes.NONE,
      // Each broker lists the groups that it coordinates; clients ask all of them.
      groups: [...cluster.groups.groups]
        .filter((group) => cluster.groups.coordinatorOf(group.id) === brokerId && isWanted(group))
        .map(({ id, protocolType, state, type }) => ({
          groupId: id,
          protocolType,
          groupState: state,
          groupType: type,
        })),
    }
  },
  fail: (_request, errorCode) => ({ errorCode, groups: [] }),
})

/** An empty filter lets everything pass; case does not matter. */
function passes(filter: readonly string[], value: string): boolean {
  return filter.length === 0 || filter.some((wanted) => wanted.toLowerCase() === value.toLowerCase())
}
