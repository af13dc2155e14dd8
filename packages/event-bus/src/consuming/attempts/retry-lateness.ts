import type { Clock } from '../../clock.ts'
import { dueAtOf } from '../../failing/record-history.ts'
import type { SubscriptionMetrics } from '../../tracing/telemetry.ts'
import type { Delivery } from '../delivery.ts'

/** At the first attempt at a record of a retry topic: how much later it begins than it was due. One that an outage held back was not late. */
export function noteLateness(
  { owner, record, failures, trial }: Delivery,
  metrics: SubscriptionMetrics,
  clock: Clock,
): void {
  const { delayMs } = owner.role
  if (delayMs === null || failures > 0 || trial !== null) return
  metrics.retryStarted(owner.topic, Math.max(0, clock.now() - dueAtOf(record, delayMs)))
}
