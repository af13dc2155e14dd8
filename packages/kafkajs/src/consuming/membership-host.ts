import type { TopicPartition } from '@tributary/event-bus'
import type { PartitionCount } from './assignor.ts'

/** What the membership asks of the rest of the consumer. */
export interface MembershipHost {
  /** What we read, to be said when joining. */
  topics(): readonly string[]
  /** What we own, to be said when joining. */
  claims(): readonly TopicPartition[]
  /** Takes what is new, and resolves when everything that must go has been drained and given up. True when something was given up. */
  adopt(assigned: readonly TopicPartition[], lost: AbortSignal): Promise<boolean>
  /** Everything is somebody else's. */
  lose(): void
  /** As leader: how many partitions each of these topics has now. */
  partitionCounts(topics: readonly string[]): Promise<PartitionCount>
  /** Without having assigned them, we lead a group that is assigned so many partitions of these topics. */
  onLeadershipFound(assignedCounts: ReadonlyMap<string, number>): void
  onJoined(): void
  /** Something keeps us from being stable; it is tried again. */
  onTrouble(error: Error): void
  onFailed(error: Error): void
}
