import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { array, from, type Input, int8, int16, int32, int64, optional, string } from '../protocol/fields.ts'
import { epochFault } from './fetch.ts'

const latest = -1n
const earliest = -2n

const partitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  timestamp: int64,
  offset: int64,
  leaderEpoch: optional(from(4, int32), -1),
}
type PartitionResponse = Input<typeof partitionResponse>

export const listOffsets: Api = defineApi({
  key: 2,
  name: 'ListOffsets',
  versions: [1, 5],
  flexibleSince: 6,
  request: {
    replicaId: int32,
    isolationLevel: from(2, int8),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, currentLeaderEpoch: optional(from(4, int32), -1), timestamp: int64 }),
    }),
  },
  response: {
    throttleTimeMs: optional(from(2, int32), 0),
    topics: array({ name: string, partitions: array(partitionResponse) }),
  },
  subjects: ({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    ),
  handle: ({ topics }, context) => ({
    topics: topics.map(({ name, partitions }) => ({
      name,
      partitions: partitions.map(({ partitionIndex, currentLeaderEpoch, timestamp }) => {
        const answer = (error: ErrorName, offset = -1n, at = -1n, leaderEpoch = -1): PartitionResponse => ({
          partitionIndex,
          errorCode: errorCodes[error],
          timestamp: at,
          offset,
          leaderEpoch,
        })
        return context.staged(name, partitionIndex, answer, () => {
          const partition = context.cluster.partitionLedBy(context.brokerId, name, partitionIndex)
          if (typeof partition === 'string') return answer(partition)
          const fault = epochFault(currentLeaderEpoch, partition)
          if (fault) return answer(fault)
          const { log, leaderEpoch } = partition
          if (timestamp === latest) return answer('NONE', log.endOffset, -1n, leaderEpoch)
          if (timestamp === earliest) return answer('NONE', log.startOffset, -1n, leaderEpoch)
          const found = log.offsetAt(timestamp)
          return found ? answer('NONE', found.offset, found.timestampMs, leaderEpoch) : answer('NONE')
        })
      }),
    })),
  }),
})
