import { type Api, defineApi } from '../protocol/api.ts'
import { errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, int64, string } from '../protocol/fields.ts'
import { answeredError } from '../transactions/answered-error.ts'
import { offsetsPartitionOf, offsetsTopic } from '../transactions/offsets-topic.ts'

const fencedSince = 2

/** Makes the offsets that a group is about to commit a part of the transaction. */
export const addOffsetsToTxn: Api = defineApi({
  key: 25,
  name: 'AddOffsetsToTxn',
  versions: [0, 4],
  flexibleSince: 3,
  request: { transactionalId: string, producerId: int64, producerEpoch: int16, groupId: string },
  response: { throttleTimeMs: optional(int32, 0), errorCode: int16 },
  subjects: ({ transactionalId, groupId }) => [{ transactionalId, group: groupId }],
  handle({ transactionalId, groupId, ...producer }, { cluster, brokerId, version }) {
    const { transactions } = cluster
    const partition = { topic: offsetsTopic, partition: offsetsPartitionOf(groupId) }
    const fault =
      transactions.fault(transactionalId, brokerId) ?? transactions.add(transactionalId, producer, [partition])
    return { errorCode: errorCodes[answeredError(fault ?? 'NONE', version < fencedSince)] }
  },
  fail: (_request, errorCode) => ({ errorCode }),
})
