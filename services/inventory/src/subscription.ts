import { defineSubscription, exponential } from '@tributary/event-bus'
import { type HandlerDependencies, onOrderPlaced } from './handlers/order-placed.ts'

export interface SubscriptionSettings extends HandlerDependencies {
  readonly instanceId: string | undefined
}

/** What inventory does with orders. */
export const inventorySubscription = ({ instanceId, ...dependencies }: SubscriptionSettings) =>
  defineSubscription({
    group: 'inventory',
    on: [onOrderPlaced(dependencies)],
    // Long enough for a database that restarts: some five minutes, looking every five seconds at the longest.
    onFailure: { inPlace: { attempts: 60, backoff: exponential({ initialMs: 100, maxMs: 5_000 }) } },
    session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 2_000, instanceId },
  })
