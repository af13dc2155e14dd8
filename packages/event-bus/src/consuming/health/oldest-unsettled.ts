import type { TopicPartition } from '../../driver.ts'
import type { Delivery } from '../delivery.ts'
import type { InFlight } from '../attempts/in-flight.ts'
import type { PartitionRun } from '../partition.ts'
import { printableKey } from './printable-key.ts'

/** The record that keeps the commit of its partition back for the longest time, whether or not anything is wrong with it. */
export interface OldestUnsettled extends TopicPartition {
  readonly recordOffset: bigint
  /** As in `Degradation`; null as well while nothing but its offset is at hand. */
  readonly key: string | null
  /** Since it was received, in milliseconds. */
  readonly ageMs: number
  /** What it does at the moment: `running for 600 s`, or what it waits for. */
  readonly reason: string
}

/** Looks at what is under way, in all partitions; for probes, not for each record. */
export function oldestUnsettled(
  runs: readonly PartitionRun[],
  inFlight: InFlight,
  isPaused: boolean,
  nowMs: number,
): OldestUnsettled | null {
  let oldest: PartitionRun | null = null
  let sinceMs = Number.POSITIVE_INFINITY
  for (const run of runs) {
    const receivedAtMs = run.oldestReceivedAt
    if (receivedAtMs === null || receivedAtMs >= sinceMs) continue
    oldest = run
    sinceMs = receivedAtMs
  }
  if (oldest === null) return null
  const { topic, partition, nextOffset } = oldest
  const { delivery, reason } = stateOf(oldest, inFlight, isPaused, nowMs)
  const key = delivery?.record.key ?? null
  return {
    topic,
    partition,
    recordOffset: nextOffset,
    key: key === null ? null : printableKey(key),
    ageMs: nowMs - sinceMs,
    reason,
  }
}

function stateOf(
  run: PartitionRun,
  inFlight: InFlight,
  isPaused: boolean,
  nowMs: number,
): { readonly delivery: Delivery | null; readonly reason: string } {
  const isOldest = ({ record }: Delivery): boolean => record.offset === run.nextOffset
  for (const [delivery, { reason }] of run.blocked) if (isOldest(delivery)) return { delivery, reason }
  for (const attempt of inFlight.attempts()) {
    if (attempt.owner !== run) continue
    const delivery = attempt.deliveries.find(isOldest)
    if (delivery === undefined) continue
    const running = `running for ${Math.floor((nowMs - attempt.startedAtMs) / 1_000)} s`
    const reason = attempt.fencedBy === null ? running : `${running}: aborted, and its handler has not ended`
    return { delivery, reason }
  }
  for (const delivery of run.waits.deliveries) {
    if (!isOldest(delivery)) continue
    return { delivery, reason: `waits for its next attempt; ${delivery.attemptsMade} have failed` }
  }
  return { delivery: null, reason: isPaused ? 'the subscription is paused' : 'waits for its turn' }
}
