import type { Partition } from '../cluster/partition.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
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
        const refuse = (error: ErrorName, message: string | null = null): PartitionResponse => ({
          index,
          errorCode: errorCodes[error],
          baseOffset: -1n,
          errorMessage: message,
        })
        return context.staged(name, index, refuse, (): PartitionResponse => {
          if (acks !== acksNone && acks !== acksLeader && acks !== acksAll) return refuse('INVALID_REQUIRED_ACKS')
          const partition = context.cluster.partitionLedBy(context.brokerId, name, index)
          if (typeof partition === 'string') return refuse(partition)
          if (acks === acksAll && isShortOfReplicas(partition, context)) return refuse('NOT_ENOUGH_REPLICAS')
          try {
            return { index, errorCode: errorCodes.NONE, ...append(partition, sent?.[0], context) }
          } catch (error) {
            if (error instanceof RefusedBatch) return refuse(error.error, error.message)
            throw error
          }
        })
      }),
    }))
    return acks === acksNone ? null : { responses }
  },
})

function append(partition: Partition, sent: Buffer | undefined, { cluster, version }: RequestContext) {
  const { log, topic, leaderEpoch } = partition
  const zstdIsKnown = version >= 7
  const rules = { ...topic.config.appendRules, zstdIsKnown }
  const { baseOffset, logAppendTimeMs } = log.append(sent ?? Buffer.alloc(0), leaderEpoch, rules, cluster.clock.now())
  return { baseOffset, logAppendTimeMs, logStartOffset: log.startOffset }
}

function isShortOfReplicas(partition: Partition, { cluster }: RequestContext): boolean {
  const live = cluster.liveBrokers.filter(({ id }) => partition.replicas.includes(id))
  return live.length < partition.topic.config.minInSyncReplicas
}
