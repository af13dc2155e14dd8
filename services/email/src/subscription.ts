import { defineSubscription, exponential } from '@tributary/event-bus'
import { onOrderConfirmed } from './handlers/order-confirmed.ts'
import { onOrderRejected } from './handlers/order-rejected.ts'
import type { HandlerDependencies } from './handlers/send-once.ts'

export interface SubscriptionSettings extends HandlerDependencies {
  readonly instanceId: string | undefined
}

/** What the email service does with outcomes. */
export const emailSubscription = ({ instanceId, ...dependencies }: SubscriptionSettings) =>
  defineSubscription({
    group: 'email',
    on: [onOrderConfirmed(dependencies), onOrderRejected(dependencies)],
    // As many as keep the connections to the mail server busy.
    concurrency: 20,
    // A mail server that is away for an hour costs no dead letter; one that is back is noticed within two seconds. What it refuses for good (5xx) is
    // dead-lettered at once.
    onFailure: {
      inPlace: { attempts: 2_000, backoff: exponential({ initialMs: 200, maxMs: 2_000 }) },
      maxAgeMs: 3_600_000,
    },
    session: { sessionTimeoutMs: 10_000, heartbeatIntervalMs: 2_000, instanceId },
  })
