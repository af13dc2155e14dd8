import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { optional } from '../protocol/field-type.ts'
import { int16, int32, int64, string } from '../protocol/fields.ts'

/** "Up to the end of the log." */
const toHighWatermark = -1n

export const deleteRecords: Api = defineApi({
  key: 21,
  name: 'DeleteRecords',
  versions: [0, 2],
  flexibleSince: 2,
  request: {
    topics: array({ name: string, partitions: array({ partitionIndex: int32, offset: int64 }) }),
    timeoutMs: int32,
  },
  response: {
    throttleTimeMs: optional(int32, 0),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, lowWatermark: int64, errorCode: int16 }),
    }),
  },
  subjects: ({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    ),
  handle: ({ topics }, context) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, offset }) => {
        const refuse = (error: ErrorName) => ({ partitionIndex, lowWatermark: -1n, errorCode: errorCodes[error] })
        return context.staged(name, partitionIndex, refuse, () => {
          const partition = context.cluster.partitionLedBy(context.brokerId, name, partitionIndex)
          if (typeof partition === 'string') return refuse(partition)
          const { log } = partition
          const target = offset === toHighWatermark ? log.endOffset : offset
          if (target < 0n || target > log.endOffset) return refuse('OFFSET_OUT_OF_RANGE')
          if (target > log.startOffset) log.deleteBefore(target)
          return { partitionIndex, lowWatermark: log.startOffset, errorCode: errorCodes.NONE }
        })
      }),
    })),
  }),
})
