import type { Partition } from '../cluster/partition.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  from,
  type Input,
  int8,
  int16,
  int32,
  int64,
  nullableArray,
  optional,
  records,
  string,
  type Value,
} from '../protocol/fields.ts'

const readUncommitted = 0

const partitionRequest = {
  partition: int32,
  currentLeaderEpoch: optional(from(9, int32), -1),
  fetchOffset: int64,
  logStartOffset: optional(from(5, int64), -1n),
  partitionMaxBytes: int32,
}
const partitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: int64,
  logStartOffset: from(5, int64),
  abortedTransactions: nullableArray({ producerId: int64, firstOffset: int64 }),
  preferredReadReplica: optional(from(11, int32), -1),
  records,
}
const request = {
  replicaId: int32,
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: from(7, int32),
  sessionEpoch: optional(from(7, int32), -1),
  topics: array({ topic: string, partitions: array(partitionRequest) }),
  forgottenTopicsData: from(7, array({ topic: string, partitions: array(int32) })),
  rackId: from(11, string),
}
const response = {
  throttleTimeMs: optional(int32, 0),
  errorCode: from(7, int16),
  sessionId: from(7, int32),
  responses: array({ topic: string, partitions: array(partitionResponse) }),
}

type FetchRequest = Value<typeof request>
type PartitionRequest = Value<typeof partitionRequest>
type PartitionResponse = Input<typeof partitionResponse>

interface Reading {
  readonly response: Input<typeof response>
  readonly sizeBytes: number
  readonly hasError: boolean
}

export const fetch: Api = defineApi({
  key: 1,
  name: 'Fetch',
  versions: [4, 11],
  flexibleSince: 12,
  request,
  response,
  subjects: ({ topics }) =>
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, fetchOffset }) => ({ topic, partition, fetchOffset })),
    ),
  async handle(wanted, context) {
    // Incremental sessions are optional for a broker: id 0 in every answer tells the client that it got none.
    if (wanted.sessionId !== 0) return { errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, responses: [] }

    let reading = read(wanted, context)
    const isEnough = (): boolean => reading.sizeBytes >= wanted.minBytes || reading.hasError
    if (isEnough() || wanted.maxWaitMs <= 0) return reading.response

    const wait = watch(wanted, context)
    try {
      while (!isEnough() && !wait.isOver()) {
        await wait.next()
        reading = read(wanted, context)
      }
    } finally {
      wait.end()
    }
    return reading.response
  },
})

/** Reads all partitions in the order of the request, within its limits. */
function read(wanted: FetchRequest, context: RequestContext): Reading {
  let sizeBytes = 0
  let hasError = false
  const responses = wanted.topics.map(({ topic, partitions }) => ({
    topic,
    partitions: partitions.map((each): PartitionResponse => {
      const refuse = (error: ErrorName): PartitionResponse => {
        hasError = true
        return refused(each.partition, error)
      }
      return context.staged(topic, each.partition, refuse, () => {
        const partition = readablePartition(topic, each, context)
        if (typeof partition === 'string') return refuse(partition)
        const { log } = partition
        const limit = Math.min(each.partitionMaxBytes, wanted.maxBytes - sizeBytes)
        // The very first batch is sent even when it exceeds all limits, or its consumer could never pass it.
        const found = log.read(each.fetchOffset, limit, sizeBytes === 0)
        sizeBytes += found.sizeBytes
        return {
          partitionIndex: each.partition,
          errorCode: errorCodes.NONE,
          highWatermark: log.endOffset,
          lastStableOffset: log.endOffset,
          logStartOffset: log.startOffset,
          abortedTransactions: wanted.isolationLevel === readUncommitted ? null : [],
          records: found.batches,
        }
      })
    }),
  }))
  return { response: { errorCode: errorCodes.NONE, sessionId: 0, responses }, sizeBytes, hasError }
}

function readablePartition(topic: string, each: PartitionRequest, { cluster, brokerId }: RequestContext) {
  const partition = cluster.partitionLedBy(brokerId, topic, each.partition)
  if (typeof partition === 'string') return partition
  const fault = epochFault(each.currentLeaderEpoch, partition)
  if (fault) return fault
  const { startOffset, endOffset } = partition.log
  return each.fetchOffset < startOffset || each.fetchOffset > endOffset ? 'OFFSET_OUT_OF_RANGE' : partition
}

/** What a client that knows another leader epoch is told; -1 is a client that does not say. */
export function epochFault(clientEpoch: number, partition: Partition): ErrorName | undefined {
  if (clientEpoch < 0 || clientEpoch === partition.leaderEpoch) return undefined
  return clientEpoch < partition.leaderEpoch ? 'FENCED_LEADER_EPOCH' : 'UNKNOWN_LEADER_EPOCH'
}

function refused(partitionIndex: number, error: ErrorName): PartitionResponse {
  return {
    partitionIndex,
    errorCode: errorCodes[error],
    highWatermark: -1n,
    lastStableOffset: -1n,
    logStartOffset: -1n,
    abortedTransactions: error === 'UNKNOWN_TOPIC_OR_PARTITION' ? [] : null,
    records: [],
  }
}

/** Waits for the partitions of a fetch to change: no polling, one timer for each long poll. */
function watch(wanted: FetchRequest, { cluster, gone }: RequestContext) {
  let changed = Promise.withResolvers<void>()
  let isOver = false
  const wake = (): void => changed.resolve()
  const over = (): void => {
    isOver = true
    wake()
  }
  const unwatch = wanted.topics.flatMap(({ topic, partitions }) =>
    partitions.map(({ partition }) => cluster.partition(topic, partition)?.log.watch(wake)),
  )
  const cancelTimer = cluster.clock.schedule(wanted.maxWaitMs, over)
  gone.addEventListener('abort', over, { once: true })
  return {
    /** Time is up, or nobody waits any more. */
    isOver: () => isOver,
    async next(): Promise<void> {
      await changed.promise
      changed = Promise.withResolvers()
    },
    end(): void {
      cancelTimer()
      gone.removeEventListener('abort', over)
      for (const stop of unwatch) stop?.()
    },
  }
}
