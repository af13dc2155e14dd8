import type { Partition } from '../cluster/partition.ts'
import { readHeader } from '../log/batch-header.ts'
import { onlyBatch } from '../log/only-batch.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { CloseConnection } from '../protocol/close-connection.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  from,
  type Input,
  int16,
  int32,
  int64,
  nullableString,
  optional,
  records,
  string,
} from '../protocol/fields.ts'

const acksNone = 0
const acksLeader = 1
const acksAll = -1
/** Clients of earlier versions could not read what they asked to have stored. */
const zstdSince = 7

const nothing = Buffer.alloc(0)

const partitionResponse = {
  index: int32,
  errorCode: int16,
  baseOffset: int64,
  logAppendTimeMs: optional(int64, -1n),
  logStartOffset: optional(from(5, int64), -1n),
  recordErrors: optional(from(8, array({ batchIndex: int32, batchIndexErrorMessage: nullableString })), []),
  errorMessage: optional(from(8, nullableString), null),
}
type PartitionResponse = Input<typeof partitionResponse>

export const produce: Api = defineApi({
  key: 0,
  name: 'Produce',
  versions: [3, 8],
  flexibleSince: 9,
  request: {
    transactionalId: nullableString,
    acks: int16,
    timeoutMs: int32,
    topicData: array({ name: string, partitionData: array({ index: int32, records }) }),
  },
  response: {
    responses: array({ name: string, partitionResponses: array(partitionResponse) }),
    throttleTimeMs: optional(int32, 0),
  },
  subjects: ({ topicData }) =>
    topicData.flatMap(({ name, partitionData }) =>
      partitionData.map(({ index }) => ({ topic: name, partition: index })),
    ),
  handle({ acks, topicData }, context) {
    const responses = topicData.map(({ name, partitionData }) => ({
      name,
      partitionResponses: partitionData.map(({ index, records: sent }) => {
        const refuse = (error: ErrorName): PartitionResponse => refused(index, error)
        return context.staged(name, index, refuse, (): PartitionResponse => {
          if (acks !== acksNone && acks !== acksLeader && acks !== acksAll) return refuse('INVALID_REQUIRED_ACKS')
          const partition = context.cluster.partitionLedBy(context.brokerId, name, index)
          if (typeof partition === 'string') return refuse(partition)
          if (acks === acksAll && isShortOfReplicas(partition, context)) return refuse('NOT_ENOUGH_REPLICAS')
          return produceTo(partition, sent?.[0] ?? nothing, context)
        })
      }),
    }))
    if (acks !== acksNone) return { responses }
    // Closing the connection is the only way to tell a producer that wants no answer.
    const failed = responses.flatMap((each) => each.partitionResponses).find(({ errorCode }) => errorCode !== 0)
    if (failed) throw new CloseConnection(`a produce request without acknowledgement failed with ${failed.errorCode}`)
    return null
  },
})

function refused(index: number, error: ErrorName, over: Partial<PartitionResponse> = {}): PartitionResponse {
  return { index, errorCode: errorCodes[error], baseOffset: -1n, ...over }
}

function produceTo(partition: Partition, sent: Buffer, { cluster, version }: RequestContext): PartitionResponse {
  const { log, topic, leaderEpoch, index } = partition
  let batch: Buffer
  try {
    batch = onlyBatch(sent)
  } catch (error) {
    if (!(error instanceof RefusedBatch)) throw error
    return refused(index, error.error, { errorMessage: error.message })
  }
  if (version < zstdSince && readHeader(batch).codec === 'zstd') return refused(index, 'UNSUPPORTED_COMPRESSION_TYPE')
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

function isShortOfReplicas(partition: Partition, { cluster }: RequestContext): boolean {
  const live = cluster.liveBrokers.filter(({ id }) => partition.replicas.includes(id))
  return live.length < partition.topic.config.minInSyncReplicas
}
