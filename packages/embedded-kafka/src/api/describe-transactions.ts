import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { type Input, optional } from '../protocol/field-type.ts'
import { int16, int32, int64, string } from '../protocol/fields.ts'
import { onceEach } from './once-each.ts'

const transactionState = {
  errorCode: int16,
  transactionalId: string,
  transactionState: string,
  transactionTimeoutMs: int32,
  transactionStartTimeMs: int64,
  producerId: int64,
  producerEpoch: int16,
  topics: array({ topic: string, partitions: array(int32) }),
}

export const describeTransactions: Api = defineApi({
  key: 65,
  name: 'DescribeTransactions',
  versions: [0, 0],
  flexibleSince: 0,
  request: { transactionalIds: array(string) },
  response: { throttleTimeMs: optional(int32, 0), transactionStates: array(transactionState) },
  subjects: ({ transactionalIds }) => transactionalIds.map((transactionalId) => ({ transactionalId })),
  handle: ({ transactionalIds }, context) => ({
    transactionStates: onceEach(transactionalIds, String).map((id) => described(id, context)),
  }),
  fail: ({ transactionalIds }, errorCode) => ({
    transactionStates: transactionalIds.map((id) => unknown(id, errorCode)),
  }),
})

function described(transactionalId: string, { cluster, brokerId }: RequestContext): Input<typeof transactionState> {
  const fault = cluster.transactions.fault(transactionalId, brokerId)
  if (fault) return unknown(transactionalId, errorCodes[fault])
  const transaction = cluster.transactions.get(transactionalId)
  if (!transaction) return unknown(transactionalId, errorCodes.TRANSACTIONAL_ID_NOT_FOUND)
  const byTopic = Map.groupBy(transaction.partitions, ({ topic }) => topic)
  return {
    errorCode: errorCodes.NONE,
    transactionalId,
    transactionState: transaction.state,
    transactionTimeoutMs: transaction.timeoutMs,
    transactionStartTimeMs: BigInt(transaction.startedAt),
    ...transaction.producer,
    topics: [...byTopic].map(([topic, all]) => ({ topic, partitions: all.map(({ partition }) => partition) })),
  }
}

function unknown(transactionalId: string, errorCode: number): Input<typeof transactionState> {
  return {
    errorCode,
    transactionalId,
    transactionState: '',
    transactionTimeoutMs: 0,
    transactionStartTimeMs: 0n,
    producerId: 0n,
    producerEpoch: 0,
    topics: [],
  }
}
