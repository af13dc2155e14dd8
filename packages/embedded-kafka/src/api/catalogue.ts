/** Every API that is spoken here. A new one is a file in this folder and a line in this list. */
import type { Api } from '../protocol/api.ts'
import { addOffsetsToTxn } from './add-offsets-to-txn.ts'
import { addPartitionsToTxn } from './add-partitions-to-txn.ts'
import { alterConfigs } from './alter-configs.ts'
import { createApiVersions } from './api-versions.ts'
import { consumerGroupDescribe } from './consumer-group-describe.ts'
import { consumerGroupHeartbeat } from './consumer-group-heartbeat.ts'
import { createPartitions } from './create-partitions.ts'
import { createTopics } from './create-topics.ts'
import { deleteGroups } from './delete-groups.ts'
import { deleteRecords } from './delete-records.ts'
import { deleteTopics } from './delete-topics.ts'
import { describeCluster } from './describe-cluster.ts'
import { describeConfigs } from './describe-configs.ts'
import { describeGroups } from './describe-groups.ts'
import { describeLogDirs } from './describe-log-dirs.ts'
import { describeProducers } from './describe-producers.ts'
import { describeTopicPartitions } from './describe-topic-partitions.ts'
import { describeTransactions } from './describe-transactions.ts'
import { endTxn } from './end-txn.ts'
import { fetch } from './fetch.ts'
import { findCoordinator } from './find-coordinator.ts'
import { heartbeat } from './heartbeat.ts'
import { incrementalAlterConfigs } from './incremental-alter-configs.ts'
import { initProducerId } from './init-producer-id.ts'
import { joinGroup } from './join-group.ts'
import { leaveGroup } from './leave-group.ts'
import { listGroups } from './list-groups.ts'
import { listOffsets } from './list-offsets.ts'
import { listPartitionReassignments } from './list-partition-reassignments.ts'
import { listTransactions } from './list-transactions.ts'
import { metadata } from './metadata.ts'
import { offsetCommit } from './offset-commit.ts'
import { offsetDelete } from './offset-delete.ts'
import { offsetFetch } from './offset-fetch.ts'
import { offsetForLeaderEpoch } from './offset-for-leader-epoch.ts'
import { produce } from './produce.ts'
import { saslAuthenticate } from './sasl-authenticate.ts'
import { saslHandshake } from './sasl-handshake.ts'
import { syncGroup } from './sync-group.ts'
import { txnOffsetCommit } from './txn-offset-commit.ts'
import { writeTxnMarkers } from './write-txn-markers.ts'

/** The names by which faults are staged; a test compares them with the list below. */
export type ApiName =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'AlterConfigs'
  | 'ApiVersions'
  | 'ConsumerGroupDescribe'
  | 'ConsumerGroupHeartbeat'
  | 'CreatePartitions'
  | 'CreateTopics'
  | 'DeleteGroups'
  | 'DeleteRecords'
  | 'DeleteTopics'
  | 'DescribeCluster'
  | 'DescribeConfigs'
  | 'DescribeGroups'
  | 'DescribeLogDirs'
  | 'DescribeProducers'
  | 'DescribeTopicPartitions'
  | 'DescribeTransactions'
  | 'EndTxn'
  | 'Fetch'
  | 'FindCoordinator'
  | 'Heartbeat'
  | 'IncrementalAlterConfigs'
  | 'InitProducerId'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'ListGroups'
  | 'ListOffsets'
  | 'ListPartitionReassignments'
  | 'ListTransactions'
  | 'Metadata'
  | 'OffsetCommit'
  | 'OffsetDelete'
  | 'OffsetFetch'
  | 'OffsetForLeaderEpoch'
  | 'Produce'
  | 'SaslAuthenticate'
  | 'SaslHandshake'
  | 'SyncGroup'
  | 'TxnOffsetCommit'
  | 'WriteTxnMarkers'

const others: readonly Api[] = [
  addOffsetsToTxn,
  addPartitionsToTxn,
  alterConfigs,
  consumerGroupDescribe,
  consumerGroupHeartbeat,
  createPartitions,
  createTopics,
  deleteGroups,
  deleteRecords,
  deleteTopics,
  describeCluster,
  describeConfigs,
  describeGroups,
  describeLogDirs,
  describeProducers,
  describeTopicPartitions,
  describeTransactions,
  endTxn,
  fetch,
  findCoordinator,
  heartbeat,
  incrementalAlterConfigs,
  initProducerId,
  joinGroup,
  leaveGroup,
  listGroups,
  listOffsets,
  listPartitionReassignments,
  listTransactions,
  metadata,
  offsetCommit,
  offsetDelete,
  offsetFetch,
  offsetForLeaderEpoch,
  produce,
  saslAuthenticate,
  saslHandshake,
  syncGroup,
  txnOffsetCommit,
  writeTxnMarkers,
]

export const apis: ReadonlyMap<number, Api> = new Map(
  [createApiVersions(others), ...others].map((api) => [api.key, api]),
)
