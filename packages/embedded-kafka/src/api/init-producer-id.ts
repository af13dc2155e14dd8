import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString } from '../protocol/fields.ts'

export const initProducerId: Api = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleSince: 2,
  request: {
    transactionalId: nullableString,
    transactionTimeoutMs: int32,
    producerId: optional(from(3, int64), -1n),
    producerEpoch: optional(from(3, int16), -1),
  },
  response: { throttleTimeMs: optional(int32, 0), errorCode: int16, producerId: int64, producerEpoch: int16 },
  handle({ transactionalId, producerId, producerEpoch }, { cluster }) {
    // Transactions are not served; saying so at once is kinder than a coordinator that is never found.
    if (transactionalId !== null) return refused(errorCodes.INVALID_REQUEST)
    if ((producerId === -1n) !== (producerEpoch === -1)) return refused(errorCodes.INVALID_REQUEST)
    // Without a transactional id nobody can prove to be the producer that asked before: everyone gets a new id.
    return { errorCode: errorCodes.NONE, producerId: cluster.allocateProducerId(), producerEpoch: 0 }
  },
  fail: (_request, errorCode) => refused(errorCode),
})

function refused(errorCode: number) {
  return { errorCode, producerId: -1n, producerEpoch: -1 }
}
