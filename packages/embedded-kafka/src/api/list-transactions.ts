import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, string } from '../protocol/fields.ts'

/** The states that a transaction can be in; a filter by another is answered with its name. */
const states: readonly string[] = [
  'Empty',
  'Ongoing',
  'PrepareCommit',
  'PrepareAbort',
  'CompleteCommit',
  'CompleteAbort',
  'Dead',
  'PrepareEpochFence',
]

/** There are no transactions here. */
export const listTransactions: Api = defineApi({
  key: 66,
  name: 'ListTransactions',
  versions: [0, 2],
  flexibleSince: 0,
  request: {
    stateFilters: array(string),
    producerIdFilters: array(int64),
    durationFilter: optional(from(1, int64), -1n),
    transactionalIdPattern: from(2, nullableString),
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    unknownStateFilters: array(string),
    transactionStates: array({ transactionalId: string, producerId: int64, transactionState: string }),
  },
  handle: ({ stateFilters }) => ({
    errorCode: errorCodes.NONE,
    unknownStateFilters: stateFilters.filter((state) => !states.includes(state)),
    transactionStates: [],
  }),
  fail: (_request, errorCode) => ({ errorCode, unknownStateFilters: [], transactionStates: [] }),
})
