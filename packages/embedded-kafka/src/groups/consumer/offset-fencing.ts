/** Which members of a consumer group may commit and read its offsets: those that are up to date. */
import type { ErrorName } from '../../protocol/error-codes.ts'
import type { ConsumerGroup } from './consumer-group.ts'
import type { PartitionKey } from './partition-key.ts'

interface Committer {
  readonly memberId: string
  /** Negative for a client outside of group management. */
  readonly memberEpoch: number
}

/**
 * Why offsets may not be stored, if so. A member that has not heard yet of a newer epoch may still commit for what it
 * has had since before: nobody else can have read it meanwhile (KIP-1251).
 */
export function commitFault(
  group: ConsumerGroup,
  { memberId, memberEpoch }: Committer,
  partitions: Iterable<PartitionKey>,
): ErrorName | undefined {
  if (memberEpoch < 0 && group.members.length === 0) return undefined
  const progress = group.get(memberId)?.progress
  if (!progress) return 'UNKNOWN_MEMBER_ID'
  if (memberEpoch === progress.epoch) return undefined
  if (memberEpoch > progress.epoch) return 'STALE_MEMBER_EPOCH'
  const hasHadSince = (key: PartitionKey): boolean => {
    const assignedAt = progress.assigned.get(key) ?? progress.revoking.get(key)
    return assignedAt !== undefined && assignedAt <= memberEpoch
  }
  return [...partitions].every(hasHadSince) ? undefined : 'STALE_MEMBER_EPOCH'
}

/** Why offsets may not be read, if so. Without a member id anybody may. */
export function fetchFault(group: ConsumerGroup, memberId: string | null, memberEpoch: number): ErrorName | undefined {
  if (memberId === null && memberEpoch < 0) return undefined
  const member = group.get(memberId ?? '')
  if (!member) return 'UNKNOWN_MEMBER_ID'
  return memberEpoch === member.epoch ? undefined : 'STALE_MEMBER_EPOCH'
}
