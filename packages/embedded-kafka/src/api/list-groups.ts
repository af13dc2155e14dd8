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
    const [isWantedState, isWantedType] = [filter(statesFilter), filter(typesFilter)]
    const isWanted = ({ state, type }: AnyGroup): boolean => isWantedState(state) && isWantedType(type)
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
function filter(values: readonly string[]): (value: string) => boolean {
  const wanted = new Set(values.map((value) => value.toLowerCase()))
  return (value) => wanted.size === 0 || wanted.has(value.toLowerCase())
}
