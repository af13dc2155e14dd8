import type { ConsumerStatus } from '../../driver.ts'
import type { PartitionReading } from '../../tracing/telemetry.ts'
import type { Delivery } from '../delivery.ts'
import type { OldestUnsettled } from './oldest-unsettled.ts'
import type { Outage } from './outage-health.ts'
import type { PartitionRun } from '../partition.ts'
import { printableKey } from './printable-key.ts'

/** A record that does not get on, and keeps its key and its partition's commit waiting. */
export interface Degradation {
  readonly topic: string
  readonly partition: number
  readonly recordOffset: bigint
  /** The record's key: its text, or its bytes in hexadecimal; shortened. Null when it has none. */
  readonly key: string | null
  /** Records of the same key that wait for it here. */
  readonly followers: number
  /** How long it has been so, in milliseconds. */
  readonly ageMs: number
  readonly reason: string
}

export interface SubscriptionHealth {
  /** False when only a restart helps: the membership has failed for good, or too many abandoned attempts still run. */
  readonly live: boolean
  /**
   * The group has been joined and its coordinator answers. An outage does not change it: Kubernetes would take all replicas out of service at once for what
   * none of them can mend, with whatever else they serve, and would stop the roll-out of the repair. A roll-out that should stop at a broken handler asks
   * for `outages.length === 0` as well.
   */
  readonly ready: boolean
  /** `pause` was called, and `resume` not yet: nothing starts, and lag grows on purpose. */
  readonly paused: boolean
  readonly state: ConsumerStatus['state']
  /** Code and message of what keeps the group from being joined or its topics from being read; null when nothing is known to. */
  readonly lastError: string | null
  readonly degraded: readonly Degradation[]
  /** Event types that cannot be handled at present. Each has one of its held records in `degraded`. */
  readonly outages: readonly Outage[]
  /** Records of the assigned partitions between what is settled and the end of the log. */
  readonly lag: number
  /** How long the oldest unsettled record has been here, in milliseconds; null when there is none. */
  readonly oldestUnsettledMs: number | null
  /** That record, and why it is not settled yet; null when there is none. Says what `degraded` does not: a handler that runs for long has not failed. */
  readonly oldestUnsettled: OldestUnsettled | null
  /** Attempts under way. */
  readonly inFlight: number
  /** Attempts given up whose handler still runs. */
  readonly abandoned: number
  /**
   * Records and offsets that retention removed before they were handled, since the subscription was started here: lost to this group. Of what was never read,
   * offsets are counted, so that gaps in the log count as well.
   */
  readonly expired: number
}

export function degradationsOf(run: PartitionRun, nowMs: number): Degradation[] {
  const { topic, partition, parking } = run
  const degraded = Array.from(run.blocked, ([delivery, { reason, sinceMs }]): Degradation => {
    const key = delivery.record.key === null ? null : printableKey(delivery.record.key)
    const followers = followersOf(run, delivery)
    return { topic, partition, recordOffset: delivery.record.offset, key, followers, ageMs: nowMs - sinceMs, reason }
  })
  for (const { laneKey, recordOffset, followers } of parking.blockage === null ? [] : parking.wanted()) {
    const { reason, sinceMs } = parking.blockage ?? { reason: '', sinceMs: nowMs }
    const key = printableKey(Buffer.from(laneKey, 'latin1'))
    degraded.push({ topic, partition, recordOffset, key, followers, ageMs: nowMs - sinceMs, reason })
  }
  return degraded
}

/** Records of its lane that wait behind it. */
export function followersOf(run: PartitionRun, delivery: Delivery): number {
  if (run.lanes.order === 'partition') return run.arrivals.size
  let followers = delivery.laneKey === null ? 0 : (run.parking.lanes.get(delivery.laneKey)?.tickets.size ?? 0)
  for (let next = delivery.follower; next !== null; next = next.follower) followers += 1
  return followers
}

export function readingOf(run: PartitionRun, nowMs: number): PartitionReading {
  const oldest = run.oldestReceivedAt
  return {
    topic: run.topic,
    partition: run.partition,
    lag: Math.max(0, Number(run.highWatermark - run.nextOffset)),
    oldestUnsettledMs: oldest === null ? 0 : nowMs - oldest,
    inFlight: run.attempts,
    parked: run.parking.lanes.followers,
  }
}
