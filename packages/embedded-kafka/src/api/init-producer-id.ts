import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { from, optional, type Value } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString } from '../protocol/fields.ts'
import { answeredError } from '../transactions/answered-error.ts'
import type { Decision } from '../transactions/transaction.ts'

const fencedSince = 4

const request = {
  transactionalId: nullableString,
  transactionTimeoutMs: int32,
  producerId: optional(from(3, int64), -1n),
  producerEpoch: optional(from(3, int16), -1),
}

export const initProducerId: Api = defineApi({
  key: 22,
  name: 'InitProducerId',
  versions: [0, 5],
  flexibleSince: 2,
  request,
  response: { throttleTimeMs: optional(int32, 0), errorCode: int16, producerId: int64, producerEpoch: int16 },
  subjects: ({ transactionalId }) => (transactionalId === null ? [] : [{ transactionalId }]),
  handle(wish, context) {
    const decision = decide(wish, context)
    if (typeof decision !== 'string') return { errorCode: errorCodes.NONE, ...decision }
    return refused(errorCodes[answeredError(decision, context.version < fencedSince)])
  },
  fail: (_request, errorCode) => refused(errorCode),
})

function decide(wish: Value<typeof request>, { cluster, brokerId }: RequestContext): Decision {
  const { transactionalId, transactionTimeoutMs, producerId, producerEpoch } = wish
  if ((producerId === -1n) !== (producerEpoch === -1)) return 'INVALID_REQUEST'
  // Without a transactional id nobody can prove to be the producer that asked before: everyone gets a new id.
  if (transactionalId === null) return { producerId: cluster.allocateProducerId(), producerEpoch: 0 }
  const expected = producerId === -1n ? undefined : { producerId, producerEpoch }
  return (
    cluster.transactions.fault(transactionalId, brokerId) ??
    cluster.transactions.initialize(transactionalId, transactionTimeoutMs, expected)
  )
}

function refused(errorCode: number) {
  return { errorCode, producerId: -1n, producerEpoch: -1 }
}
