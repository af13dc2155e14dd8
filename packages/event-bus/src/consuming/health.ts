import type { ConsumerStatus } from '../driver.ts'
import type { PartitionReading } from '../tracing/telemetry.ts'
import type { PartitionRun } from './partition.ts'

/** A record that does not get on, and keeps its key and its partition's commit waiting. */
export interface Degradation {
  readonly topic: string
  readonly partition: number
  readonly recordOffset: bigint
  /** How long it has been so, in milliseconds. */
  readonly ageMs: number
  readonly reason: string
}

export interface SubscriptionHealth {
  /** False when only a restart helps: the membership has failed for good, or too many abandoned attempts still run. */
  readonly live: boolean
  /** The group has been joined and its coordinator answers. */
  readonly ready: boolean
  /** `pause` was called, and `resume` not yet: nothing starts, and lag grows on purpose. */
  readonly paused: boolean
  readonly state: ConsumerStatus['state']
  /** Code and message of what keeps the group from being joined or its topics from being read; null when nothing is known to. */
  readonly lastError: string | null
  readonly degraded: readonly Degradation[]
  /** Records of the assigned partitions between what is settled and the end of the log. */
  readonly lag: number
  /** How long the oldest unsettled record has been here, in milliseconds; null when there is none. */
  readonly oldestUnsettledMs: number | null
  /** Attempts under way. */
  readonly inFlight: number
  /** Attempts given up whose handler still runs. */
  readonly abandoned: number
}

/** The code is what to look up; errors of drivers that have none are told by their names. */
export function errorText(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name
  return `${code}: ${error.message}`
}

export function degradationsOf(run: PartitionRun, nowMs: number): Degradation[] {
  return Array.from(run.blocked, ([delivery, { reason, sinceMs }]) => ({
    topic: run.topic,
    partition: run.partition,
    recordOffset: delivery.record.offset,
    ageMs: nowMs - sinceMs,
    reason,
  }))
}

export function readingOf(run: PartitionRun, nowMs: number): PartitionReading {
  const oldest = run.tracker.oldestReceivedAt
  return {
    topic: run.topic,
    partition: run.partition,
    lag: Math.max(0, Number(run.highWatermark - run.nextOffset)),
    oldestUnsettledMs: oldest === null ? 0 : nowMs - oldest,
    inFlight: run.attempts,
  }
}
