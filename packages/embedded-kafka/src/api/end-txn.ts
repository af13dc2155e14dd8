import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { boolean, int16, int32, int64, string } from '../protocol/fields.ts'
import { answeredError } from '../transactions/answered-error.ts'

const fencedSince = 2
/** From here on every transaction has an epoch of its own, and the answer tells the next one. */
const newEpochSince = 5

export const endTxn: Api = defineApi({
  key: 26,
  name: 'EndTxn',
  versions: [0, 5],
  flexibleSince: 3,
  request: { transactionalId: string, producerId: int64, producerEpoch: int16, committed: boolean },
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: int16,
    producerId: optional(from(newEpochSince, int64), -1n),
    producerEpoch: optional(from(newEpochSince, int16), -1),
  },
  subjects: ({ transactionalId }) => [{ transactionalId }],
  handle({ transactionalId, committed, ...producer }, { cluster, brokerId, version }) {
    const { transactions } = cluster
    const decision =
      transactions.fault(transactionalId, brokerId) ??
      transactions.end(transactionalId, producer, committed ? 'commit' : 'abort', version >= newEpochSince)
    if (typeof decision === 'string') return { errorCode: errorCodes[answeredError(decision, version < fencedSince)] }
    return { errorCode: errorCodes.NONE, ...decision }
  },
  fail: (_request, errorCode) => ({ errorCode }),
})
