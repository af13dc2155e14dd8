import type { PartitionLog } from '../log/partition-log.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { from, type Input, optional } from '../protocol/field-type.ts'
import { int8, int16, int32, int64, string } from '../protocol/fields.ts'
import { epochFault, readCommitted } from './fetch.ts'
import { onceEach } from './once-each.ts'

/** Times that are none: what is asked for, and since which version it may be. */
const special = {
  latest: { timestamp: -1n, since: 1 },
  earliest: { timestamp: -2n, since: 1 },
  /** The record with the latest time of all. */
  maxTimestamp: { timestamp: -3n, since: 7 },
  /** The earliest that is not in tiered storage, of which there is none here. */
  earliestLocal: { timestamp: -4n, since: 8 },
  latestTiered: { timestamp: -5n, since: 9 },
  earliestPendingUpload: { timestamp: -6n, since: 11 },
} as const

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
  versions: [1, 11],
  flexibleSince: 6,
  request: {
    replicaId: int32,
    isolationLevel: from(2, int8),
    topics: array({
      name: string,
      partitions: array({ partitionIndex: int32, currentLeaderEpoch: optional(from(4, int32), -1), timestamp: int64 }),
    }),
    timeoutMs: from(10, int32),
  },
  response: {
    throttleTimeMs: optional(from(2, int32), 0),
    topics: array({ name: string, partitions: array(partitionResponse) }),
  },
  subjects: ({ topics }) =>
    topics.flatMap(({ name, partitions }) =>
      partitions.map(({ partitionIndex }) => ({ topic: name, partition: partitionIndex })),
    ),
  handle({ topics, isolationLevel }, context) {
    const isRepeated = repetitionsIn(topics)
    const partitionsOf = ({ name, partitions }: (typeof topics)[number]): PartitionResponse[] =>
      onceEach(partitions, (each) => String(each.partitionIndex)).map(
        ({ partitionIndex, currentLeaderEpoch, timestamp }) => {
          const answer = (error: ErrorName, offset = -1n, at = -1n, leaderEpoch = -1): PartitionResponse => ({
            partitionIndex,
            errorCode: errorCodes[error],
            timestamp: at,
            offset,
            leaderEpoch,
          })
          return context.staged(name, partitionIndex, answer, () => {
            if (isRepeated(name, partitionIndex)) return answer('INVALID_REQUEST')
            if (!isAskable(timestamp, context.version)) return answer('UNSUPPORTED_VERSION')
            const partition = context.cluster.partitionLedBy(context.brokerId, name, partitionIndex)
            if (typeof partition === 'string') return answer(partition)
            const fault = epochFault(currentLeaderEpoch, partition)
            if (fault) return answer(fault)
            const found = lookUp(timestamp, partition.log, isolationLevel === readCommitted)
            return found ? answer('NONE', found.offset, found.timestampMs, partition.leaderEpoch) : answer('NONE')
          })
        },
      )
    return { topics: topics.map((each) => ({ name: each.name, partitions: partitionsOf(each) })) }
  },
})

/** Says of a partition whether the request names it more than once: then it is refused, once. */
function repetitionsIn(
  topics: readonly { readonly name: string; readonly partitions: readonly { readonly partitionIndex: number }[] }[],
): (topic: string, partition: number) => boolean {
  const named = topics.flatMap(({ name, partitions }) => partitions.map((each) => `${name} ${each.partitionIndex}`))
  const counts = Map.groupBy(named, (key) => key)
  return (topic, partition) => counts.get(`${topic} ${partition}`)?.length !== 1
}

function isAskable(timestamp: bigint, version: number): boolean {
  if (timestamp >= 0n) return true
  return Object.values(special).some((each) => each.timestamp === timestamp && version >= each.since)
}

function lookUp(
  timestamp: bigint,
  log: PartitionLog,
  isCommitted: boolean,
): { offset: bigint; timestampMs?: bigint } | undefined {
  // A reader of committed records is told of none that it cannot read yet.
  const endOffset = isCommitted ? log.lastStableOffset : log.endOffset
  const readable = (found: ReturnType<PartitionLog['offsetAt']>) =>
    found && found.offset < endOffset ? found : undefined
  switch (timestamp) {
    case special.latest.timestamp:
      return { offset: endOffset }
    case special.earliest.timestamp:
    case special.earliestLocal.timestamp:
      return { offset: log.startOffset }
    case special.latestTiered.timestamp:
    case special.earliestPendingUpload.timestamp:
      return undefined
    case special.maxTimestamp.timestamp:
      return readable(log.offsetAt(log.maxTimestamp))
    default:
      return readable(log.offsetAt(timestamp))
  }
}
