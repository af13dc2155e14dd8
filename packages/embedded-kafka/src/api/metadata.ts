import type { Cluster } from '../cluster/cluster.ts'
import { noLeader } from '../cluster/partition.ts'
import { isTopicName, type Topic } from '../cluster/topic.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import {
  array,
  between,
  boolean,
  from,
  type Input,
  int16,
  int32,
  nullableArray,
  nullableString,
  optional,
  string,
} from '../protocol/fields.ts'

/** Authorised operations were not asked for, or there is no authoriser. */
const notAuthorised = -2_147_483_648

const topicResponse = {
  errorCode: int16,
  name: string,
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
  topicAuthorizedOperations: optional(from(8, int32), notAuthorised),
}
type TopicResponse = Input<typeof topicResponse>

export const metadata: Api = defineApi({
  key: 3,
  name: 'Metadata',
  versions: [0, 8],
  flexibleSince: 9,
  request: {
    topics: nullableArray({ name: string }),
    allowAutoTopicCreation: optional(from(4, boolean), true),
    includeClusterAuthorizedOperations: from(8, boolean),
    includeTopicAuthorizedOperations: from(8, boolean),
  },
  response: {
    throttleTimeMs: optional(from(3, int32), 0),
    brokers: array({ nodeId: int32, host: string, port: int32, rack: optional(from(1, nullableString), null) }),
    clusterId: from(2, nullableString),
    controllerId: from(1, int32),
    topics: array(topicResponse),
    clusterAuthorizedOperations: optional(between(8, 10, int32), notAuthorised),
  },
  subjects: ({ topics }) => (topics ?? []).map(({ name }) => ({ topic: name })),
  handle({ topics: asked, allowAutoTopicCreation }, context) {
    const { cluster, version } = context
    const wantsAll = asked === null || (version === 0 && asked.length === 0)
    const names = wantsAll ? [...cluster.topics].map((topic) => topic.name) : asked.map(({ name }) => name)
    return {
      brokers: cluster.liveBrokers.map(({ id, host, port }) => ({ nodeId: id, host, port })),
      clusterId: cluster.clusterId,
      controllerId: cluster.controllerId,
      topics: names.map((name) =>
        context.staged(name, undefined, unknown(name), () => {
          if (!isTopicName(name)) return unknown(name)('INVALID_TOPIC_EXCEPTION')
          const topic = cluster.topic(name) ?? (allowAutoTopicCreation ? autoCreate(cluster, name) : undefined)
          return topic ? described(topic, cluster) : unknown(name)('UNKNOWN_TOPIC_OR_PARTITION')
        }),
      ),
    }
  },
})

function unknown(name: string): (error: ErrorName) => TopicResponse {
  return (error) => ({ errorCode: errorCodes[error], name, partitions: [] })
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

function described(topic: Topic, cluster: Cluster): TopicResponse {
  const live = new Set(cluster.liveBrokers.map(({ id }) => id))
  return {
    errorCode: errorCodes.NONE,
    name: topic.name,
    partitions: topic.partitions.map(({ index, leader, leaderEpoch, replicas }) => ({
      errorCode: leader === noLeader ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.NONE,
      partitionIndex: index,
      leaderId: leader,
      leaderEpoch,
      replicaNodes: [...replicas],
      isrNodes: replicas.filter((id) => live.has(id)),
      offlineReplicas: replicas.filter((id) => !live.has(id)),
    })),
  }
}
