import type { Cluster } from '../cluster/cluster.ts'
import type { Partition } from '../cluster/partition.ts'
import { isTopicName } from '../cluster/topic.ts'
import { type Api, defineApi } from '../protocol/api.ts'
import { array, struct } from '../protocol/composites.ts'
import { type ErrorName, errorCodes } from '../protocol/error-codes.ts'
import { type Input, optional, type Value } from '../protocol/field-type.ts'
import { boolean, int16, int32, nullable, string, uuid, zeroUuid } from '../protocol/fields.ts'
import { authorizedOperations } from './authorized-operations.ts'
import { describedPartition } from './described-partition.ts'

/** Kafka's `max.request.partition.size.limit`: an answer holds no more, and a cursor tells where the next one begins. */
const maxPartitions = 2_000

const cursor = struct({ topicName: string, partitionIndex: int32 })
const request = {
  topics: array({ name: string }),
  responsePartitionLimit: optional(int32, maxPartitions),
  cursor: nullable(cursor),
}
const topicResponse = {
  errorCode: int16,
  name: nullable(string),
  topicId: optional(uuid, zeroUuid),
  isInternal: optional(boolean, false),
  partitions: array({
    errorCode: int16,
    partitionIndex: int32,
    leaderId: int32,
    leaderEpoch: optional(int32, -1),
    replicaNodes: array(int32),
    isrNodes: array(int32),
    eligibleLeaderReplicas: nullable(array(int32)),
    lastKnownElr: nullable(array(int32)),
    offlineReplicas: array(int32),
  }),
  topicAuthorizedOperations: int32,
}
type TopicResponse = Input<typeof topicResponse>

export const describeTopicPartitions: Api = defineApi({
  key: 75,
  name: 'DescribeTopicPartitions',
  versions: [0, 0],
  flexibleSince: 0,
  request,
  response: {
    throttleTimeMs: optional(int32, 0),
    topics: array(topicResponse),
    nextCursor: nullable(cursor),
  },
  subjects: ({ topics }) => topics.map(({ name }) => ({ topic: name })),
  handle(asked, { cluster, staged }) {
    const first = asked.cursor?.partitionIndex ?? 0
    let room = Math.max(1, Math.min(asked.responsePartitionLimit, maxPartitions))
    const topics: TopicResponse[] = []
    for (const name of wantedNames(asked, cluster)) {
      const begin = name === asked.cursor?.topicName ? first : 0
      if (room === 0) return { topics, nextCursor: { topicName: name, partitionIndex: 0 } }
      const partitions = (cluster.topic(name)?.partitions ?? []).slice(begin)
      const refuse = (error: ErrorName): TopicResponse => answer(error, name, [], cluster)
      topics.push(
        staged(name, undefined, refuse, () => {
          if (!isTopicName(name)) return refuse('INVALID_TOPIC_EXCEPTION')
          if (!cluster.topic(name)) return refuse('UNKNOWN_TOPIC_OR_PARTITION')
          return answer('NONE', name, partitions.slice(0, room), cluster)
        }),
      )
      if (partitions.length > room) return { topics, nextCursor: { topicName: name, partitionIndex: begin + room } }
      room -= partitions.length
    }
    return { topics, nextCursor: null }
  },
})

/** All topics where none is named, in the order of their names and from the cursor on. */
function wantedNames({ topics, cursor: from }: Value<typeof request>, cluster: Cluster): string[] {
  const names = topics.length > 0 ? topics.map(({ name }) => name) : [...cluster.topics].map(({ name }) => name)
  return [...new Set(names)].toSorted(byCode).filter((name) => from === null || byCode(name, from.topicName) >= 0)
}

function byCode(one: string, other: string): number {
  return one < other ? -1 : Number(one > other)
}

function answer(error: ErrorName, name: string, partitions: readonly Partition[], cluster: Cluster): TopicResponse {
  return {
    errorCode: errorCodes[error],
    name,
    topicId: cluster.topic(name)?.id ?? zeroUuid,
    partitions: partitions.map((partition) => ({
      ...describedPartition(partition, cluster),
      eligibleLeaderReplicas: [],
      lastKnownElr: [],
    })),
    topicAuthorizedOperations: authorizedOperations('topic', true),
  }
}
