/** The control requests, encoded and decoded by kafkajs; int64 values arrive as decimal strings. Types are those of the answers before any check. */
import { kafkajsApi } from './api.ts'
import { apiKeys } from './kafkajs-internals.ts'

function key(name: string): number {
  const value = apiKeys[name]
  if (value === undefined) throw new TypeError(`kafkajs has no api key named ${name}`)
  return value
}

function api<Args extends object, Answer>(name: string) {
  return kafkajsApi<Args, Answer>(name, key(name))
}

interface TopicsOf<Partition> {
  readonly topic: string
  readonly partitions: readonly Partition[]
}

export const apiVersions = api<
  object,
  { errorCode: number; apiVersions: { apiKey: number; minVersion: number; maxVersion: number }[] }
>('ApiVersions')

/** No topics means all topics. */
export const metadata = api<
  { topics: readonly string[]; allowAutoTopicCreation: false },
  {
    brokers: { nodeId: number; host: string; port: number }[]
    controllerId: number
    topicMetadata: {
      topicErrorCode: number
      topic: string
      isInternal: boolean
      partitionMetadata: { partitionErrorCode: number; partitionId: number; leader: number; replicas: number[] }[]
    }[]
  }
>('Metadata')

export const listOffsets = api<
  { replicaId: -1; isolationLevel: number; topics: readonly TopicsOf<{ partition: number; timestamp: number }>[] },
  { responses: { topic: string; partitions: { partition: number; errorCode: number; offset: string }[] }[] }
>('ListOffsets')

export const initProducerId = api<
  { transactionalId: null; transactionTimeout: number },
  { errorCode: number; producerId: string; producerEpoch: number }
>('InitProducerId')

export const findCoordinator = api<
  { groupId: string },
  { errorCode: number; coordinator: { nodeId: number; host: string; port: number } }
>('GroupCoordinator')

export const joinGroup = api<
  {
    groupId: string
    sessionTimeout: number
    rebalanceTimeout: number
    memberId: string
    groupInstanceId: string | null
    protocolType: 'consumer'
    groupProtocols: readonly { name: string; metadata: Buffer }[]
  },
  {
    errorCode: number
    generationId: number
    groupProtocol: string
    leaderId: string
    memberId: string
    members: { memberId: string; memberMetadata: Buffer }[]
  }
>('JoinGroup')

export const syncGroup = api<
  {
    groupId: string
    generationId: number
    memberId: string
    groupInstanceId: string | null
    groupAssignment: readonly { memberId: string; memberAssignment: Buffer }[]
  },
  { errorCode: number; memberAssignment: Buffer }
>('SyncGroup')

export const heartbeat = api<
  { groupId: string; groupGenerationId: number; memberId: string; groupInstanceId: string | null },
  { errorCode: number }
>('Heartbeat')

export const describeGroups = api<
  { groupIds: readonly string[] },
  {
    groups: {
      errorCode: number
      state: string
      members: { memberId: string; memberMetadata: Buffer; memberAssignment: Buffer }[]
    }[]
  }
>('DescribeGroups')

export const leaveGroup = api<{ groupId: string; memberId: string }, { errorCode: number }>('LeaveGroup')

export const offsetCommit = api<
  {
    groupId: string
    groupGenerationId: number
    memberId: string
    topics: readonly TopicsOf<{ partition: number; offset: string; metadata: string }>[]
  },
  { responses: { topic: string; partitions: { partition: number; errorCode: number }[] }[] }
>('OffsetCommit')

export const offsetFetch = api<
  { groupId: string; topics: readonly TopicsOf<{ partition: number }>[] },
  {
    errorCode: number
    responses: {
      topic: string
      partitions: { partition: number; offset: string; metadata: string | null; errorCode: number }[]
    }[]
  }
>('OffsetFetch')

interface TopicErrors {
  topicErrors: { topic: string; errorCode: number; errorMessage?: string | null }[]
}

export const createTopics = api<
  {
    topics: readonly {
      topic: string
      numPartitions: number
      replicationFactor: number
      configEntries: readonly { name: string; value: string }[]
    }[]
    timeout: number
  },
  TopicErrors
>('CreateTopics')

export const deleteTopics = api<{ topics: readonly string[]; timeout: number }, TopicErrors>('DeleteTopics')

export const createPartitions = api<
  { topicPartitions: readonly { topic: string; count: number }[]; timeout: number },
  TopicErrors
>('CreatePartitions')

/** The number of the resource type "topic". */
export const TOPIC_RESOURCE = 2

export const describeConfigs = api<
  { resources: readonly { type: typeof TOPIC_RESOURCE; name: string }[] },
  {
    resources: {
      errorCode: number
      errorMessage: string | null
      configEntries: { configName: string; configValue: string | null }[]
    }[]
  }
>('DescribeConfigs')
