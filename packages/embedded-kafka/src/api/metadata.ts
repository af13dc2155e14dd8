import type { Cluster } from '../cluster/cluster.ts'
import { isTopicName, type Topic } from '../cluster/topic.ts'
import type { RequestContext } from '../network/request-context.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { between, from, type Input, optional, type Value } from '../protocol/field-type.ts'
import { boolean, int16, int32, nullable, nullableString, string, uuid, zeroUuid } from '../protocol/fields.ts'
import { authorizedOperations, notAsked } from './authorized-operations.ts'
import { describedPartition } from './described-partition.ts'
import { onceEach } from './once-each.ts'
import { topicName } from './topic-reference.ts'

/** The declarations have ids since version 10, but only since this one may a client ask by them. */
const asksByIdSince = 12

const topicRequest = { topicId: from(10, uuid), name: nullable(string, 10) }
const request = {
  topics: nullable(array(topicRequest), 1),
  allowAutoTopicCreation: optional(from(4, boolean), true),
  includeClusterAuthorizedOperations: between(8, 10, boolean),
  includeTopicAuthorizedOperations: from(8, boolean),
}
const topicResponse = {
  errorCode: int16,
  name: nullable(string, asksByIdSince),
  topicId: optional(from(10, uuid), zeroUuid),
  isInternal: optional(from(1, boolean), false),
  partitions: array({
    errorCode: int16,
    partitionIndex: int32,
    leaderId: int32,
    leaderEpoch: from(7, int32),
    replicaNodes: array(int32),
    isrNodes: array(int32),
    offlineReplicas: from(5, array(int32)),
  }),
  topicAuthorizedOperations: optional(from(8, int32), notAsked),
}
type TopicRequest = Value<typeof topicRequest>
type TopicResponse = Input<typeof topicResponse>

export const metadata: Api = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 13],
  flexibleSince: 9,
  request,
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    brokers: array({ nodeId: int32, host: string, port: int32, rack: optional(from(1, nullableString), null) }),
    clusterId: from(2, nullableString),
    controllerId: from(1, int32),
    topics: array(topicResponse),
    clusterAuthorizedOperations: optional(between(8, 10, int32), notAsked),
    errorCode: optional(from(13, int16), errorCodes.NONE),
  },
  subjects: ({ topics }, cluster) =>
    topics?.map(({ name, topicId }) => ({ topic: topicName(name ?? '', topicId, cluster) ?? '' })) ??
    Array.from(cluster.topics, ({ name }) => ({ topic: name })),
  handle(asked, context) {
    const { cluster, version } = context
    const wanted = version === 0 && asked.topics?.length === 0 ? null : asked.topics
    if (version < asksByIdSince && wanted?.some(({ topicId, name }) => topicId !== zeroUuid || name === null))
      return refusedAsAWhole(wanted, 'INVALID_REQUEST')
    if (wanted?.some(({ topicId, name }) => topicId === zeroUuid && name === null))
      return refusedAsAWhole(wanted, 'UNKNOWN_SERVER_ERROR')
    const topics =
      wanted ??
      [...cluster.topics].filter(({ name }) => context.sees(name)).map(({ name }) => ({ name, topicId: zeroUuid }))
    return {
      brokers: cluster.liveBrokers.map(({ id, host, port }) => ({ nodeId: id, host, port })),
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      topics: onceEach(topics, ({ name, topicId }) => `${topicId} ${name}`).map((each) =>
        answerFor(each, asked, context),
      ),
      clusterAuthorizedOperations: authorizedOperations('cluster', asked.includeClusterAuthorizedOperations),
    }
  },
})

function answerFor(wanted: TopicRequest, asked: Value<typeof request>, context: RequestContext): TopicResponse {
  const { cluster } = context
  const { topicId } = wanted
  const name = topicName(wanted.name ?? '', topicId, cluster)
  if (name === undefined) return refused('UNKNOWN_TOPIC_ID', { topicId, name: null })

  const topicAuthorizedOperations = authorizedOperations('topic', asked.includeTopicAuthorizedOperations)
  const refuse = (error: ErrorName): TopicResponse => ({
    ...refused(error, { topicId, name }),
    topicAuthorizedOperations,
  })
  return context.staged(name, undefined, refuse, () => {
    if (!isTopicName(name)) return refuse('INVALID_TOPIC_EXCEPTION')
    const topic = cluster.topic(name) ?? (asked.allowAutoTopicCreation ? autoCreate(cluster, name) : undefined)
    if (!topic) return refuse('UNKNOWN_TOPIC_OR_PARTITION')
    return {
      errorCode: errorCodes.NONE,
      name,
      topicId: topic.id,
      partitions: topic.partitions.map((partition) => describedPartition(partition, cluster)),
      topicAuthorizedOperations,
    }
  })
}

function refused(error: ErrorName, { topicId, name }: TopicRequest): TopicResponse {
  return { errorCode: errorCodes[error], name, topicId, partitions: [] }
}

/** Kafka has no better word than an unknown error for a topic with neither name nor id. */
function refusedAsAWhole(wanted: readonly TopicRequest[], error: ErrorName) {
  const topics = wanted.map((each) => refused(error, { ...each, name: each.name ?? '' }))
  return { brokers: [], clusterId: null, controllerId: -1, topics, errorCode: errorCodes[error] }
}

function autoCreate(cluster: Cluster, name: string): Topic | undefined {
  const { autoCreateTopics, defaultPartitions, defaultReplicationFactor } = cluster.options
  if (!autoCreateTopics) return undefined
  return cluster.createTopic(name, {
    partitions: defaultPartitions,
    replicationFactor: defaultReplicationFactor,
    configs: new Map(),
  })
}
