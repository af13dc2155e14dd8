import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { int16, int32, int64, nullableString, optional } from '../protocol/fields.ts'

export const initProducerId: Api = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 1],
  flexibleSince: 2,
  request: { transactionalId: nullableString, transactionTimeoutMs: int32 },
  response: { throttleTimeMs: optional(int32, 0), errorCode: int16, producerId: int64, producerEpoch: int16 },
  handle({ transactionalId }, { cluster }) {
    // Transactions are not served; saying so at once is kinder than a coordinator that is never found.
    if (transactionalId !== null) return refused(errorCodes.INVALID_REQUEST)
    return { errorCode: errorCodes.NONE, producerId: cluster.allocateProducerId(), producerEpoch: 0 }
  },
  fail: (_request, errorCode) => refused(errorCode),
})

function refused(errorCode: number) {
  return { errorCode, producerId: -1n, producerEpoch: -1 }
}
