/** What requests of each API name, so that a fault can be for some of them only. A test compares it with what the APIs say themselves. */
import type { ApiName } from '../api/catalogue.ts'

type Selector = 'topic' | 'partition' | 'group' | 'transactionalId'

const inNone = [] as const
const byTopic = ['topic'] as const
const byPartition = ['topic', 'partition'] as const
const byGroup = ['group'] as const
const byGroupAndPartition = ['group', 'topic', 'partition'] as const
const byTransaction = ['transactionalId'] as const

/** The selectors of a filter that make sense for an API, besides `clientId` and `broker`. */
export const selectors = {
  AddOffsetsToTxn: ['transactionalId', 'group'],
  AddPartitionsToTxn: ['transactionalId', 'topic', 'partition'],
  AlterConfigs: byTopic,
  ApiVersions: inNone,
  ConsumerGroupDescribe: byGroup,
  ConsumerGroupHeartbeat: byGroup,
  CreatePartitions: byTopic,
  CreateTopics: byTopic,
  DeleteGroups: byGroup,
  DeleteRecords: byPartition,
  DeleteTopics: byTopic,
  DescribeCluster: inNone,
  DescribeConfigs: byTopic,
  DescribeGroups: byGroup,
  DescribeLogDirs: inNone,
  DescribeProducers: byPartition,
  DescribeTopicPartitions: byTopic,
  DescribeTransactions: byTransaction,
  EndTxn: byTransaction,
  Fetch: byPartition,
  FindCoordinator: ['group', 'transactionalId'],
  Heartbeat: byGroup,
  IncrementalAlterConfigs: byTopic,
  InitProducerId: byTransaction,
  JoinGroup: byGroup,
  LeaveGroup: byGroup,
  ListGroups: inNone,
  ListOffsets: byPartition,
  ListPartitionReassignments: inNone,
  ListTransactions: inNone,
  Metadata: byTopic,
  OffsetCommit: byGroupAndPartition,
  OffsetDelete: byGroupAndPartition,
  OffsetFetch: byGroupAndPartition,
  OffsetForLeaderEpoch: byPartition,
  Produce: ['topic', 'partition', 'transactionalId'],
  SaslAuthenticate: inNone,
  SaslHandshake: inNone,
  SyncGroup: byGroup,
  TxnOffsetCommit: ['transactionalId', 'group', 'topic', 'partition'],
  WriteTxnMarkers: byPartition,
} as const satisfies Record<ApiName, readonly Selector[]>

/** APIs that answer for each topic or partition apart, so that one of them can be left out of the answer. */
const inParts = [
  'AlterConfigs',
  'CreatePartitions',
  'CreateTopics',
  'DeleteRecords',
  'DeleteTopics',
  'DescribeConfigs',
  'DescribeProducers',
  'DescribeTopicPartitions',
  'Fetch',
  'IncrementalAlterConfigs',
  'ListOffsets',
  'Metadata',
  'OffsetCommit',
  'OffsetDelete',
  'OffsetFetch',
  'OffsetForLeaderEpoch',
  'Produce',
  'TxnOffsetCommit',
  'WriteTxnMarkers',
] as const satisfies readonly ApiName[]

export type ApiAnsweredInParts = (typeof inParts)[number]

export type SelectorOf<Api extends ApiName> = (typeof selectors)[Api][number]

export function answersInParts(api: ApiName): api is ApiAnsweredInParts {
  return (inParts as readonly ApiName[]).includes(api)
}
