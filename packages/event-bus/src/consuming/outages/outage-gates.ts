import type { Logger } from '../../logger.ts'
import type { OutageReading, SubscriptionMetrics } from '../../tracing/telemetry.ts'
import { OutageGate } from './outage-gate.ts'
import type { PartitionRun } from '../partition.ts'
import type { SubscriptionDefinition } from '../definition/subscription-definition.ts'
import type { TurnClock } from '../turn-clock.ts'

export interface OutageGatesOptions {
  readonly definition: SubscriptionDefinition
  readonly clock: TurnClock
  readonly logger: Logger
  readonly metrics: SubscriptionMetrics
  readonly onRunnable: () => void
}

/** The gates of a subscription, one for each event type; none where nothing is ever given up, or nobody is to watch. */
export class OutageGates {
  readonly #gates: ReadonlyMap<string, OutageGate>

  constructor({ definition, clock, logger, metrics, onRunnable }: OutageGatesOptions) {
    const { outage: policy, afterwards } = definition.onFailure
    const watched = policy === false || afterwards === 'hold' ? [] : definition.on
    this.#gates = new Map(
      watched.flatMap(({ event: { topic, type } }) => {
        if (policy === false) return []
        const onOpened = metrics.outages(topic, type)
        return [[type, new OutageGate({ topic, eventType: type, policy, clock, logger, onOpened, onRunnable })]]
      }),
    )
  }

  of(eventType: string): OutageGate | null {
    return this.#gates.get(eventType) ?? null
  }

  forget(run: PartitionRun): void {
    for (const gate of this.#gates.values()) gate.forget(run)
  }

  close(): void {
    for (const gate of this.#gates.values()) gate.close()
  }

  [Symbol.iterator](): Iterator<OutageGate> {
    return this.#gates.values()
  }

  readings(): OutageReading[] {
    return Array.from(this.#gates.values(), ({ topic, eventType, watch, held }) => ({
      topic,
      eventType,
      openReason: watch.state === 'open' ? watch.reason : null,
      held,
      permits: watch.permits,
      maxPermits: watch.policy.maxPermits,
      maxHoldMs: watch.policy.maxHoldMs,
    }))
  }
}
