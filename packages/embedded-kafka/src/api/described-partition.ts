import type { Cluster } from '../cluster/cluster.ts'
import { noLeader, type Partition } from '../cluster/partition.ts'
import { errorCodes } from '../protocol/error-codes.ts'

/** Who leads a partition and where its replicas are, as Metadata and DescribeTopicPartitions tell it. */
export function describedPartition({ index, leader, leaderEpoch, replicas }: Partition, cluster: Cluster) {
  const live = new Set(cluster.liveBrokers.map(({ id }) => id))
  return {
    errorCode: leader === noLeader ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.NONE,
    partitionIndex: index,
    leaderId: leader,
    leaderEpoch,
    replicaNodes: [...replicas],
    isrNodes: replicas.filter((id) => live.has(id)),
    offlineReplicas: replicas.filter((id) => !live.has(id)),
  }
}
