/** Which rights an API asks for, as in the table of Kafka's documentation on authorisation. */
import type { ApiName } from '../api/catalogue.ts'

export type Operation =
  | 'Read'
  | 'Write'
  | 'Create'
  | 'Delete'
  | 'Alter'
  | 'Describe'
  | 'DescribeConfigs'
  | 'AlterConfigs'
  | 'IdempotentWrite'

/** The right that is wanted of each topic, group, transactional id or the cluster that a request is about. */
export interface Needs {
  readonly topic?: Operation
  readonly group?: Operation
  readonly transactionalId?: Operation
  /** Not asked where the request names a transactional id and that right is there. */
  readonly cluster?: Operation
}

const member: Needs = { group: 'Read' }

/** Open to everybody: who asks is not known yet. */
const nothing: Needs = {}

/** Every API has its entry: one that was forgotten would be open to everybody. */
export const needs: Readonly<Record<ApiName, Needs>> = {
  ApiVersions: nothing,
  SaslHandshake: nothing,
  SaslAuthenticate: nothing,
  Produce: { topic: 'Write', transactionalId: 'Write' },
  Fetch: { topic: 'Read' },
  ListOffsets: { topic: 'Describe' },
  Metadata: { topic: 'Describe' },
  OffsetCommit: { group: 'Read', topic: 'Read' },
  OffsetFetch: { group: 'Describe', topic: 'Describe' },
  FindCoordinator: { group: 'Describe', transactionalId: 'Describe' },
  JoinGroup: member,
  Heartbeat: member,
  LeaveGroup: member,
  SyncGroup: member,
  ConsumerGroupHeartbeat: { group: 'Read', topic: 'Describe' },
  ConsumerGroupDescribe: { group: 'Describe', topic: 'Describe' },
  DescribeGroups: { group: 'Describe' },
  ListGroups: { cluster: 'Describe' },
  CreateTopics: { topic: 'Create' },
  DeleteTopics: { topic: 'Delete' },
  DeleteRecords: { topic: 'Delete' },
  InitProducerId: { cluster: 'IdempotentWrite', transactionalId: 'Write' },
  AddPartitionsToTxn: { topic: 'Write', transactionalId: 'Write' },
  AddOffsetsToTxn: { group: 'Read', transactionalId: 'Write' },
  EndTxn: { transactionalId: 'Write' },
  WriteTxnMarkers: { cluster: 'Alter' },
  TxnOffsetCommit: { group: 'Read', topic: 'Read', transactionalId: 'Write' },
  DescribeTransactions: { transactionalId: 'Describe' },
  ListTransactions: { cluster: 'Describe' },
  OffsetForLeaderEpoch: { topic: 'Describe' },
  DescribeConfigs: { topic: 'DescribeConfigs' },
  AlterConfigs: { topic: 'AlterConfigs' },
  IncrementalAlterConfigs: { topic: 'AlterConfigs' },
  DescribeLogDirs: { cluster: 'Describe' },
  CreatePartitions: { topic: 'Alter' },
  DeleteGroups: { group: 'Delete' },
  ListPartitionReassignments: { cluster: 'Describe' },
  OffsetDelete: { group: 'Delete', topic: 'Read' },
  DescribeCluster: { cluster: 'Describe' },
  DescribeProducers: { topic: 'Read' },
  DescribeTopicPartitions: { topic: 'Describe' },
}
