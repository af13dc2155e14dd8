import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional, type Value } from '../protocol/field-type.ts'
import { boolean, int16, int32, int64, string } from '../protocol/fields.ts'
import { answeredError } from '../transactions/answered-error.ts'
import type { ProducerIdentity } from '../transactions/producer-identity.ts'

/** Since version 4 a request names several transactions, and each gets an answer of its own. */
const batchedSince = 4
const single = batchedSince - 1
const fencedSince = 2

const topic = { name: string, partitions: array(int32) }
const topicResult = {
  name: string,
  resultsByPartition: array({ partitionIndex: int32, partitionErrorCode: int16 }),
}
const request = {
  transactions: from(
    batchedSince,
    array({
      transactionalId: string,
      producerId: int64,
      producerEpoch: int16,
      verifyOnly: boolean,
      topics: array(topic),
    }),
  ),
  v3AndBelowTransactionalId: between(0, single, string),
  v3AndBelowProducerId: between(0, single, int64),
  v3AndBelowProducerEpoch: between(0, single, int16),
  v3AndBelowTopics: between(0, single, array(topic)),
}

type Request = Value<typeof request>
type TopicResult = Input<typeof topicResult>

interface Asked extends ProducerIdentity {
  readonly transactionalId: string
  readonly verifyOnly: boolean
  readonly topics: Request['v3AndBelowTopics']
}

export const addPartitionsToTxn: Api = defineApi({
  key: 24,
  name: 'AddPartitionsToTxn',
  versions: [0, 5],
  flexibleSince: 3,
  request,
  response: {
    throttleTimeMs: optional(int32, 0),
    errorCode: optional(from(batchedSince, int16), 0),
    resultsByTransaction: from(batchedSince, array({ transactionalId: string, topicResults: array(topicResult) })),
    resultsByTopicV3AndBelow: between(0, single, array(topicResult)),
  },
  subjects: (sent) =>
    asked(sent).flatMap(({ transactionalId, topics }) =>
      topics.flatMap(({ name, partitions }) =>
        partitions.map((partition) => ({ transactionalId, topic: name, partition })),
      ),
    ),
  handle: (sent, context) => answer(asked(sent), (each) => resultsOf(each, context)),
  fail: (sent, errorCode) => answer(asked(sent), ({ topics }) => allWith(topics, errorCode)),
})

/** The transactions of a request; old versions name one, in fields of their own. */
function asked({ transactions, ...old }: Request): Asked[] {
  if (old.v3AndBelowTransactionalId === '' && old.v3AndBelowTopics.length === 0) return transactions
  return [
    {
      transactionalId: old.v3AndBelowTransactionalId,
      producerId: old.v3AndBelowProducerId,
      producerEpoch: old.v3AndBelowProducerEpoch,
      verifyOnly: false,
      topics: old.v3AndBelowTopics,
    },
  ]
}

function answer(transactions: readonly Asked[], resultsFor: (asked: Asked) => TopicResult[]) {
  const results = transactions.map((each) => ({
    transactionalId: each.transactionalId,
    topicResults: resultsFor(each),
  }))
  return { resultsByTransaction: results, resultsByTopicV3AndBelow: results[0]?.topicResults ?? [] }
}

function resultsOf(each: Asked, { cluster, brokerId, version, sees }: RequestContext): TopicResult[] {
  const { transactionalId, topics } = each
  // One partition that does not exist or may not be written, and none is added.
  const refusal = (name: string, index: number): ErrorName | undefined => {
    if (!sees(name)) return 'TOPIC_AUTHORIZATION_FAILED'
    return cluster.partition(name, index) ? undefined : 'UNKNOWN_TOPIC_OR_PARTITION'
  }
  if (topics.some(({ name, partitions }) => partitions.some((index) => refusal(name, index))))
    return topics.map(({ name, partitions }) => ({
      name,
      resultsByPartition: partitions.map((partitionIndex) => ({
        partitionIndex,
        partitionErrorCode: errorCodes[refusal(name, partitionIndex) ?? 'OPERATION_NOT_ATTEMPTED'],
      })),
    }))

  const { transactions } = cluster
  const fault = transactions.fault(transactionalId, brokerId)
  if (fault) return allWith(topics, errorCodes[fault])
  const partitions = topics.flatMap((of) => of.partitions.map((partition) => ({ topic: of.name, partition })))
  const told = (error: ErrorName = 'NONE'): number => errorCodes[answeredError(error, version < fencedSince)]
  if (!each.verifyOnly) return allWith(topics, told(transactions.add(transactionalId, each, partitions)))
  return topics.map(({ name, partitions: indexes }) => ({
    name,
    resultsByPartition: indexes.map((partitionIndex) => ({
      partitionIndex,
      partitionErrorCode: told(transactions.verify(transactionalId, each, { topic: name, partition: partitionIndex })),
    })),
  }))
}

function allWith(topics: Asked['topics'], partitionErrorCode: number): TopicResult[] {
  return topics.map(({ name, partitions }) => ({
    name,
    resultsByPartition: partitions.map((partitionIndex) => ({ partitionIndex, partitionErrorCode })),
  }))
}
