import type { Partition } from '../cluster/partition.ts'
import { Turns } from '../cluster/turns.ts'
import { readHeader } from '../log/batch-header.ts'
import { onlyBatch } from '../log/only-batch.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { CloseConnection } from '../protocol/close-connection.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional, tagged, type Value } from '../protocol/field-type.ts'
import { int16, int32, int64, nullableString, records, string, uuid } from '../protocol/fields.ts'
import { admit } from '../transactions/admission.ts'
import { currentLeader, endpointsOf, leaderHint, nodeEndpoint } from './leader-hint.ts'
import { topicName } from './topic-reference.ts'

const acksNone = 0
const acksLeader = 1
const acksAll = -1
/** Clients of earlier versions could not read what they asked to have stored. */
const zstdSince = 7
/** From here on producers know what to do when a partition is not part of their transaction. */
const abortableSince = 11
/** From here on producers do not tell the coordinator which partitions they write to: the first batch does. */
const addsPartitionsSince = 12

/** From here on topics are given by id. */
const namesUntil = 12

const nothing = Buffer.alloc(0)

const partitionResponse = {
  index: int32,
  errorCode: int16,
  baseOffset: int64,
  logAppendTimeMs: optional(int64, -1n),
  logStartOffset: optional(from(5, int64), -1n),
  recordErrors: optional(from(8, array({ batchIndex: int32, batchIndexErrorMessage: nullableString })), []),
  errorMessage: optional(from(8, nullableString), null),
  currentLeader: tagged(0, 10, currentLeader),
}
const topicReference = { name: between(0, namesUntil, string), topicId: from(namesUntil + 1, uuid) }
const partitionData = { index: int32, records }
const topicData = { ...topicReference, partitionData: array(partitionData) }
const topicResponse = { ...topicReference, partitionResponses: array(partitionResponse) }
type PartitionData = Value<typeof partitionData>
type TopicData = Value<typeof topicData>
type PartitionResponse = Input<typeof partitionResponse>
interface TopicResponse extends Input<typeof topicResponse> {
  readonly partitionResponses: PartitionResponse[]
}

export const produce: Api = defineApi({
  key: 0,
  name: 'Produce',
  versions: [3, 13],
  // Older versions of librdkafka take a broker without version 0 for one that cannot compress.
  advertisedSince: 0,
  flexibleSince: 9,
  request: {
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topicData: array(topicData),
  },
  response: {
    responses: array(topicResponse),
    throttleTimeMs: optional(int32, 0),
    nodeEndpoints: tagged(0, 10, array(nodeEndpoint)),
  },
  subjects: ({ topicData, transactionalId: id }, cluster) =>
    topicData.flatMap(({ name, topicId, partitionData }) => {
      const topic = topicName(name, topicId, cluster) ?? ''
      const of = id === null ? {} : { transactionalId: id }
      return partitionData.map(({ index }) => ({ topic, partition: index, ...of }))
    }),
  async handle({ acks, topicData, transactionalId }, context) {
    const { cluster } = context
    const answerFor = ({ name: sentName, topicId }: TopicData, { index, records: sent }: PartitionData) => {
      const name = topicName(sentName, topicId, cluster, context.version > namesUntil)
      if (name === undefined) return refused(index, 'UNKNOWN_TOPIC_ID')
      const refuse = (error: ErrorName): PartitionResponse =>
        refused(index, error, leaderHint(error, name, index, cluster))
      return context.staged(name, index, refuse, (): PartitionResponse => {
        if (acks !== acksNone && acks !== acksLeader && acks !== acksAll) return refuse('INVALID_REQUIRED_ACKS')
        const partition = cluster.partitionLedBy(context.brokerId, name, index)
        if (typeof partition === 'string') return refuse(partition)
        if (acks === acksAll && isShortOfReplicas(partition, context)) return refuse('NOT_ENOUGH_REPLICAS')
        return produceTo(partition, sent?.[0] ?? nothing, transactionalId, context)
      })
    }
    const responses: TopicResponse[] = []
    const turns = new Turns()
    for (const topic of topicData) {
      const partitionResponses: PartitionResponse[] = []
      responses.push({ name: topic.name, topicId: topic.topicId, partitionResponses })
      for (const partition of topic.partitionData) {
        // A few bytes may be a hundred megabytes that have to be unpacked, and a request has room for thousands of such batches.
        if (turns.isOver) await turns.next()
        partitionResponses.push(answerFor(topic, partition))
      }
    }
    const answers = responses.flatMap((each) => each.partitionResponses)
    if (acks !== acksNone) return { responses, ...endpointsOf(answers, cluster) }
    // Closing the connection is the only way to tell a producer that wants no answer.
    const failed = answers.find(({ errorCode }) => errorCode !== 0)
    if (failed) throw new CloseConnection(`a produce request without acknowledgement failed with ${failed.errorCode}`)
    return null
  },
})

function refused(index: number, error: ErrorName, over: Partial<PartitionResponse> = {}): PartitionResponse {
  return { index, errorCode: errorCodes[error], baseOffset: -1n, ...over }
}

function produceTo(
  partition: Partition,
  sent: Buffer,
  transactionalId: string | null,
  context: RequestContext,
): PartitionResponse {
  const { cluster, version } = context
  const { log, topic, leaderEpoch, index } = partition
  let batch: Buffer
  try {
    batch = onlyBatch(sent)
  } catch (error) {
    if (!(error instanceof RefusedBatch)) throw error
    return refused(index, error.error, { errorMessage: error.message })
  }
  if (version < zstdSince && readHeader(batch).codec === 'zstd') return refused(index, 'UNSUPPORTED_COMPRESSION_TYPE')
  const fault = transactionFault(partition, batch, transactionalId, context)
  if (fault) return refused(index, fault)
  try {
    const appended = log.append(batch, leaderEpoch, topic.config.batchRules, cluster.clock.now())
    return { index, errorCode: errorCodes.NONE, ...appended, logStartOffset: log.startOffset }
  } catch (error) {
    if (!(error instanceof RefusedBatch)) throw error
    // Kafka tells where the log starts when it was the log that looked at the records and refused them.
    const isBytesOnly = error.error === 'CORRUPT_MESSAGE' || error.error === 'MESSAGE_TOO_LARGE'
    return refused(index, error.error, {
      errorMessage: error.message,
      ...(isBytesOnly ? {} : { logStartOffset: log.startOffset }),
      recordErrors: error.records.map((batchIndex) => ({ batchIndex, batchIndexErrorMessage: null })),
    })
  }
}

/** Why a batch may not be a part of a transaction, if it claims to be one. */
function transactionFault(
  { log, topic, index }: Partition,
  batch: Buffer,
  transactionalId: string | null,
  { cluster, version }: RequestContext,
): ErrorName | undefined {
  const header = readHeader(batch)
  const { isTransactional, producerId, producerEpoch } = header
  if (!isTransactional || producerId < 0n) return undefined
  const addsPartitions = version >= addsPartitionsSince
  const write = log.transactionalWrite(header, addsPartitions, cluster.clock.now())
  if (write === 'continues') return undefined
  if (transactionalId === null) return 'INVALID_TXN_STATE'
  if (write === 'is fenced') return 'INVALID_PRODUCER_EPOCH'
  const producer = { producerId, producerEpoch }
  const place = { topic: topic.name, partition: index }
  const fault = admit(cluster.transactions, transactionalId, producer, place, {
    addsPartitions,
    knowsAbortable: version >= abortableSince,
  })
  // Producers send a batch again at this word, without asking for the leader before.
  return fault === 'CONCURRENT_TRANSACTIONS' ? 'NOT_ENOUGH_REPLICAS' : fault
}

function isShortOfReplicas(partition: Partition, { cluster }: RequestContext): boolean {
  const live = cluster.liveBrokers.filter(({ id }) => partition.replicas.includes(id))
  return live.length < partition.topic.config.minInSyncReplicas
}
