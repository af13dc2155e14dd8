import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, string } from '../protocol/fields.ts'

export const describeProducers: Api = defineApi({
  key: 61,
  name: 'DescribeProducers',
  versions: [0, 0],
  flexibleSince: 0,
  request: { topics: array({ name: string, partitionIndexes: array(int32) }) },
  response: {
    throttleTimeMs: optional(int32, 0),
    topics: array({
      name: string,
      partitions: array({
        partitionIndex: int32,
        errorCode: int16,
        errorMessage: optional(nullableString, null),
        activeProducers: array({
          producerId: int64,
          producerEpoch: int32,
          lastSequence: optional(int32, -1),
          lastTimestamp: optional(int64, -1n),
          coordinatorEpoch: optional(int32, -1),
          currentTxnStartOffset: optional(int64, -1n),
        }),
      }),
    }),
  },
  subjects: ({ topics }) =>
    topics.flatMap(({ name, partitionIndexes }) => partitionIndexes.map((partition) => ({ topic: name, partition }))),
  handle: ({ topics }, context) => ({
    topics: topics.map(({ name, partitionIndexes }) => ({
      name,
      partitions: partitionIndexes.map((partitionIndex) => {
        const refuse = (error: ErrorName) => ({ partitionIndex, errorCode: errorCodes[error], activeProducers: [] })
        return context.staged(name, partitionIndex, refuse, () => {
          const partition = context.cluster.partition(name, partitionIndex)
          if (!partition) return refuse('UNKNOWN_TOPIC_OR_PARTITION')
          // Any replica knows them: a tool asks each broker for the transactions that hang there.
          if (!partition.replicas.includes(context.brokerId)) return refuse('NOT_LEADER_OR_FOLLOWER')
          const activeProducers = [...partition.log.activeProducers].map((producer) => ({
            producerId: producer.producerId,
            producerEpoch: producer.epoch,
            lastSequence: producer.lastSequence,
            lastTimestamp: producer.lastTimestampMs,
            coordinatorEpoch: producer.coordinatorEpoch,
            currentTxnStartOffset: producer.transactionStartOffset,
          }))
          return { partitionIndex, errorCode: errorCodes.NONE, activeProducers }
        })
      }),
    })),
  }),
})
