/**
 * How a member gets from what it has to what it is meant to have.
 *
 *                        has to give something back
 *            Stable ───────────────────────────────▶ UnrevokedPartitions
 *              ▲  ▲                                          │ says that it no longer owns it
 *              │  └──────────── all it lacks is free ────────┤
 *              │                                             │ something it lacks is still with others
 *              └──── the others gave it back ──── UnreleasedPartitions
 *
 * A member stays at its epoch until it has given back what it must, and moves to the target's epoch then.
 */
import type { PartitionKey } from './partition-key.ts'

export type MemberState = 'Stable' | 'UnrevokedPartitions' | 'UnreleasedPartitions'

/** What the coordinator holds of a member's partitions. */
export interface Progress {
  readonly state: MemberState
  readonly epoch: number
  /** From before the last step. A member whose answer was lost still speaks with it. */
  readonly previousEpoch: number
  /** What it may use, with the epoch at which it got each. */
  readonly assigned: ReadonlyMap<PartitionKey, number>
  /** What it was told to give back, and has not yet. */
  readonly revoking: ReadonlyMap<PartitionKey, number>
}

export interface Target {
  readonly epoch: number
  readonly partitions: ReadonlySet<PartitionKey>
}

const nothing: ReadonlyMap<PartitionKey, number> = new Map()

/**
 * The member's next step, or the same object where it has none.
 *
 * @param owned what the member says it owns; null when it says nothing new
 * @param isTaken whether another member has a partition, or has not given it back yet
 */
export function reconcile(
  progress: Progress,
  target: Target,
  owned: ReadonlySet<PartitionKey> | null,
  isTaken: (key: PartitionKey) => boolean,
): Progress {
  const { state, epoch, assigned } = progress
  if (state === 'Stable' && epoch === target.epoch) return progress
  if (state === 'UnrevokedPartitions' && stillOwns(owned, progress.revoking)) return progress

  const kept = new Map([...assigned].filter(([key]) => target.partitions.has(key)))
  const revoking = new Map([...assigned].filter(([key]) => !target.partitions.has(key)))
  if (revoking.size > 0 && stillOwns(owned, revoking))
    return { state: 'UnrevokedPartitions', epoch, previousEpoch: epoch, assigned: kept, revoking }

  const lacking = [...target.partitions].filter((key) => !kept.has(key))
  const free = lacking.filter((key) => !isTaken(key))
  return {
    state: free.length < lacking.length ? 'UnreleasedPartitions' : 'Stable',
    epoch: target.epoch,
    previousEpoch: epoch,
    assigned: new Map([...kept, ...free.map((key) => [key, target.epoch] as const)]),
    revoking: nothing,
  }
}

function stillOwns(owned: ReadonlySet<PartitionKey> | null, revoking: ReadonlyMap<PartitionKey, number>): boolean {
  return owned === null || [...revoking.keys()].some((key) => owned.has(key))
}
