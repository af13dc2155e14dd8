import type { Partition } from '../cluster/partition.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array, struct } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional, tagged, type Value } from '../protocol/field-type.ts'
import { int8, int16, int32, int64, nullable, nullableString, records, string, uuid } from '../protocol/fields.ts'
import { watchPartitions } from './fetch-wait.ts'
import { currentLeader, endpointsOf, leaderHint, nodeEndpoint } from './leader-hint.ts'
import { topicName } from './topic-reference.ts'

/** The isolation level of a reader that wants no record of a transaction before it is committed. */
export const readCommitted = 1

/** Kafka's `fetch.max.bytes`: no answer is longer, but for a single batch that is. */
const maxAnswerBytes = 57_671_680

/** From here on topics are given by id. */
const namesUntil = 12
const topicReference = { topic: between(0, namesUntil, string), topicId: from(namesUntil + 1, uuid) }

const partitionRequest = {
  partition: int32,
  currentLeaderEpoch: optional(from(9, int32), -1),
  fetchOffset: int64,
  lastFetchedEpoch: optional(from(12, int32), -1),
  logStartOffset: optional(from(5, int64), -1n),
  partitionMaxBytes: int32,
  replicaDirectoryId: tagged(0, 17, uuid),
  highWatermark: tagged(1, 18, int64, 2n ** 63n - 1n),
}
const partitionResponse = {
  partitionIndex: int32,
  errorCode: int16,
  highWatermark: int64,
  lastStableOffset: int64,
  logStartOffset: from(5, int64),
  divergingEpoch: tagged(0, 12, struct({ epoch: optional(int32, -1), endOffset: optional(int64, -1n) })),
  currentLeader: tagged(1, 12, currentLeader),
  snapshotId: tagged(2, 12, struct({ endOffset: optional(int64, -1n), epoch: optional(int32, -1) })),
  abortedTransactions: nullable(array({ producerId: int64, firstOffset: int64 })),
  preferredReadReplica: optional(from(11, int32), -1),
  records,
}
const request = {
  clusterId: tagged(0, 12, nullableString),
  replicaId: optional(between(0, 14, int32), -1),
  replicaState: tagged(1, 15, struct({ replicaId: optional(int32, -1), replicaEpoch: optional(int64, -1n) })),
  maxWaitMs: int32,
  minBytes: int32,
  maxBytes: int32,
  isolationLevel: int8,
  sessionId: from(7, int32),
  sessionEpoch: optional(from(7, int32), -1),
  topics: array({ ...topicReference, partitions: array(partitionRequest) }),
  forgottenTopicsData: from(7, array({ ...topicReference, partitions: array(int32) })),
  rackId: from(11, string),
}
const response = {
  throttleTimeMs: optional(int32, 0),
  errorCode: from(7, int16),
  sessionId: from(7, int32),
  responses: array({ ...topicReference, partitions: array(partitionResponse) }),
  nodeEndpoints: tagged(0, 16, array(nodeEndpoint)),
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
  versions: [4, 18],
  flexibleSince: 12,
  request,
  response,
  subjects: ({ topics }, cluster) =>
    topics.flatMap(({ topic: sentName, topicId, partitions }) => {
      const topic = topicName(sentName, topicId, cluster) ?? ''
      return partitions.map(({ partition, fetchOffset }) => ({ topic, partition, fetchOffset }))
    }),
  async handle(sent, context) {
    // Incremental sessions are optional for a broker: id 0 in every answer tells the client that it got none.
    if (sent.sessionId !== 0) return { errorCode: errorCodes.FETCH_SESSION_ID_NOT_FOUND, sessionId: 0, responses: [] }

    const wanted = {
      ...sent,
      maxBytes: Math.min(sent.maxBytes, maxAnswerBytes),
      topics: lastOfEachPartition(sent.topics),
    }
    let reading = read(wanted, context)
    const isEnough = (): boolean => reading.sizeBytes >= wanted.minBytes || reading.hasError
    if (isEnough() || wanted.maxWaitMs <= 0) return reading.response

    const wait = watchPartitions(wanted, context)
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

/** A partition that is named several times is read once, as it is named last. */
function lastOfEachPartition(topics: FetchRequest['topics']): FetchRequest['topics'] {
  const byTopic = Map.groupBy(topics, ({ topic, topicId }) => `${topicId} ${topic}`)
  return Array.from(byTopic.values(), (same) => {
    const last = new Map(same.flatMap(({ partitions }) => partitions.map((each) => [each.partition, each])))
    return { topic: '', topicId: '', ...same[0], partitions: [...last.values()] }
  })
}

/** Reads all partitions in the order of the request, within its limits. */
function read(wanted: FetchRequest, context: RequestContext): Reading {
  let sizeBytes = 0
  let hasError = false
  const { cluster } = context
  const readPartition = (topic: string | undefined, each: PartitionRequest): PartitionResponse => {
    const refuse = (error: ErrorName): PartitionResponse => {
      hasError = true
      return { ...refused(each.partition, error), ...leaderHint(error, topic ?? '', each.partition, cluster) }
    }
    if (topic === undefined) return refuse('UNKNOWN_TOPIC_ID')
    return context.staged(topic, each.partition, refuse, () => {
      const partition = readablePartition(topic, each, context)
      if (typeof partition === 'string') return refuse(partition)
      const { log } = partition
      const limit = Math.min(each.partitionMaxBytes, wanted.maxBytes - sizeBytes)
      // The very first batch is sent even when it exceeds all limits, or its consumer could never pass it.
      const isFirst = sizeBytes === 0
      const isCommitted = wanted.isolationLevel === readCommitted
      const found = isCommitted
        ? log.readCommitted(each.fetchOffset, limit, isFirst)
        : { ...log.read(each.fetchOffset, limit, isFirst), abortedTransactions: null }
      sizeBytes += found.sizeBytes
      return {
        partitionIndex: each.partition,
        errorCode: errorCodes.NONE,
        highWatermark: log.endOffset,
        lastStableOffset: log.lastStableOffset,
        logStartOffset: log.startOffset,
        abortedTransactions: found.abortedTransactions,
        records: found.batches,
      }
    })
  }
  const responses = wanted.topics.map(({ topic: sentName, topicId, partitions }) => {
    const topic = topicName(sentName, topicId, cluster, context.version > namesUntil)
    return { topic: sentName, topicId, partitions: partitions.map((each) => readPartition(topic, each)) }
  })
  const endpoints = endpointsOf(
    responses.flatMap(({ partitions }) => partitions),
    cluster,
  )
  return { response: { errorCode: errorCodes.NONE, sessionId: 0, responses, ...endpoints }, sizeBytes, hasError }
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
    abortedTransactions: error.startsWith('UNKNOWN_TOPIC') ? [] : null,
    records: [],
  }
}
