import { defineSubscription, exponential } from '@tributary/event-bus'
import type { HandlerDependencies } from './handlers/decide.ts'
import { onInventoryRejected } from './handlers/inventory-rejected.ts'
import { onInventoryReserved } from './handlers/inventory-reserved.ts'

export interface SubscriptionSettings extends HandlerDependencies {
  readonly instanceId: string | undefined
}

/** What the order service does with inventory's answers. */
export const orderSubscription = ({ instanceId, ...dependencies }: SubscriptionSettings) =>
  defineSubscription({
    group: 'order',
    on: [onInventoryReserved(dependencies), onInventoryRejected(dependencies)],
    // Long enough for a database that restarts: some five minutes, looking every five seconds at the longest.
    onFailure: { inPlace: { attempts: 60, backoff: exponential({ initialMs: 100, maxMs: 5_000 }) } },
    session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 2_000, instanceId },
  })
