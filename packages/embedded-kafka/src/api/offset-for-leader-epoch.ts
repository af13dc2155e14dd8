import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, optional } from '../protocol/field-type.ts'
import { int16, int32, int64, string } from '../protocol/fields.ts'
import { epochFault } from './fetch.ts'

/** Tells a consumer that knew an earlier leader where that leader's records end: what it read beyond is not on the log. */
export const offsetForLeaderEpoch: Api = defineApi({
  key: 23,
  name: 'OffsetForLeaderEpoch',
  versions: [2, 4],
  flexibleSince: 4,
  request: {
    replicaId: optional(from(3, int32), -2),
    topics: array({
      topic: string,
      partitions: array({ partition: int32, currentLeaderEpoch: optional(from(2, int32), -1), leaderEpoch: int32 }),
    }),
  },
  response: {
    throttleTimeMs: optional(from(2, int32), 0),
    topics: array({
      topic: string,
      partitions: array({
        errorCode: int16,
        partition: int32,
        leaderEpoch: optional(from(1, int32), -1),
        endOffset: optional(int64, -1n),
      }),
    }),
  },
  subjects: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) => partitions.map(({ partition }) => ({ topic, partition }))),
  handle: ({ topics }, context) => ({
    topics: topics.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition: index, currentLeaderEpoch, leaderEpoch }) => {
        const refuse = (error: ErrorName) => ({ errorCode: errorCodes[error], partition: index })
        return context.staged(topic, index, refuse, () => {
          const partition = context.cluster.partitionLedBy(context.brokerId, topic, index)
          if (typeof partition === 'string') return refuse(partition)
          const fault = epochFault(currentLeaderEpoch, partition)
          if (fault) return refuse(fault)
          return { errorCode: errorCodes.NONE, partition: index, ...partition.endOfEpoch(leaderEpoch) }
        })
      }),
    })),
  }),
})
