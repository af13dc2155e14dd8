import type { Marker } from '../log/control-batch.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from } from '../protocol/field-type.ts'
import { boolean, int8, int16, int32, int64, string } from '../protocol/fields.ts'
import { offsetsTopic } from '../transactions/offsets-topic.ts'
import { settleOffsets } from '../transactions/write-markers.ts'

/** Brokers tell each other with it how a transaction ended; so do tools that abort one which hangs on a single partition. */
export const writeTxnMarkers: Api = defineApi({
  key: 27,
  name: 'WriteTxnMarkers',
  versions: [1, 2],
  flexibleSince: 1,
  request: {
    markers: array({
      producerId: int64,
      producerEpoch: int16,
      transactionResult: boolean,
      topics: array({ name: string, partitionIndexes: array(int32) }),
      coordinatorEpoch: int32,
      transactionVersion: from(2, int8),
    }),
  },
  response: {
    markers: array({
      producerId: int64,
      topics: array({ name: string, partitions: array({ partitionIndex: int32, errorCode: int16 }) }),
    }),
  },
  subjects: ({ markers }) =>
    markers.flatMap(({ topics }) =>
      topics.flatMap(({ name, partitionIndexes }) => partitionIndexes.map((partition) => ({ topic: name, partition }))),
    ),
  handle: ({ markers }, context) => ({
    markers: markers.map(({ transactionResult, topics, ...from }) => ({
      producerId: from.producerId,
      topics: topics.map(({ name, partitionIndexes }) => ({
        name,
        partitions: partitionIndexes.map((partitionIndex) => {
          const answer = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error] })
          const marker: Marker = { ...from, outcome: transactionResult ? 'commit' : 'abort' }
          return context.staged(name, partitionIndex, answer, () =>
            answer(write(marker, name, partitionIndex, context)),
          )
        }),
      })),
    })),
  }),
})

function write(marker: Marker, topic: string, index: number, { cluster, brokerId }: RequestContext): ErrorName {
  if (topic === offsetsTopic) {
    settleOffsets(cluster, marker, index)
    return 'NONE'
  }
  const partition = cluster.partitionLedBy(brokerId, topic, index)
  if (typeof partition === 'string') return partition
  try {
    partition.log.endTransaction(marker, partition.leaderEpoch, cluster.clock.now())
    return 'NONE'
  } catch (error) {
    if (!(error instanceof RefusedBatch)) throw error
    return error.error
  }
}
