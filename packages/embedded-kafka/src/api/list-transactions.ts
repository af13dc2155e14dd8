import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, string } from '../protocol/fields.ts'
import { namesMatching } from '../protocol/regular-expression.ts'

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

/** Those that the broker coordinates which is asked. */
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
  handle(wanted, { cluster, brokerId }) {
    const { stateFilters, producerIdFilters, durationFilter, transactionalIdPattern } = wanted
    const coordinated = cluster.transactions.coordinatedBy(brokerId)
    const matching = idsMatching(
      transactionalIdPattern,
      coordinated.map(({ transactionalId }) => transactionalId),
    )
    if (!matching) return refused(errorCodes.INVALID_REGULAR_EXPRESSION)
    const startedBefore = cluster.clock.now() - Number(durationFilter)
    const transactions = coordinated.filter(
      ({ transactionalId, state, producer, startedAt }) =>
        (stateFilters.length === 0 || stateFilters.includes(state)) &&
        (producerIdFilters.length === 0 || producerIdFilters.includes(producer.producerId)) &&
        (durationFilter < 0n || startedAt < startedBefore) &&
        matching.has(transactionalId),
    )
    return {
      errorCode: errorCodes.NONE,
      unknownStateFilters: stateFilters.filter((state) => !states.includes(state)),
      transactionStates: transactions.map(({ transactionalId, state, producer }) => ({
        transactionalId,
        producerId: producer.producerId,
        transactionState: state,
      })),
    }
  },
  fail: (_request, errorCode) => refused(errorCode),
})

/** Those of the ids that the pattern means; undefined for one that is none. */
function idsMatching(pattern: string | null, ids: readonly string[]): ReadonlySet<string> | undefined {
  if (!pattern) return new Set(ids)
  try {
    return new Set(namesMatching(pattern, ids))
  } catch {
    return undefined
  }
}

function refused(errorCode: number) {
  return { errorCode, unknownStateFilters: [], transactionStates: [] }
}
