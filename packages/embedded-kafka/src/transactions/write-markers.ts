import type { Cluster } from '../cluster/cluster.ts'
import { noLeader } from '../cluster/partition.ts'
import type { Marker } from '../log/control-batch.ts'
import { RefusedBatch } from '../log/refused-batch.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import { offsetsPartitionOf, offsetsTopic } from './offsets-topic.ts'
import type { TopicPartition } from './transaction.ts'

/**
 * Writes the outcome to all partitions of a transaction, and returns those where it cannot be written now: they have no
 * leader, or the disk does not take it, which `failed` is told.
 */
export function writeMarkers(
  cluster: Cluster,
  marker: Marker,
  partitions: readonly TopicPartition[],
  failed: (error: StorageFailed) => void,
): readonly TopicPartition[] {
  return partitions.filter(({ topic, partition }) => {
    try {
      return !isMarked(cluster, marker, { topic, partition })
    } catch (error) {
      if (error instanceof StorageFailed) {
        failed(error)
        return true
      }
      // Somebody aborted it on this very partition with a newer epoch: the outcome there is known.
      if (error instanceof RefusedBatch) return false
      throw error
    }
  })
}

function isMarked(cluster: Cluster, marker: Marker, { topic, partition }: TopicPartition): boolean {
  if (topic === offsetsTopic) {
    settleOffsets(cluster, marker, partition)
    return true
  }
  const found = cluster.partition(topic, partition)
  // A topic that was deleted meanwhile needs no outcome.
  if (!found) return true
  if (found.leader === noLeader) return false
  found.log.endTransaction(marker, found.leaderEpoch, cluster.clock.now())
  return true
}

/** Commits or drops what the transaction wants the groups of that partition to have committed. */
export function settleOffsets(cluster: Cluster, { producerId, outcome }: Marker, partition: number): void {
  for (const group of cluster.groups.groups)
    if (offsetsPartitionOf(group.id) === partition) group.offsets.pending.end(producerId, outcome)
}
