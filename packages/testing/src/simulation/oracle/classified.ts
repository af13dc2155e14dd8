import type { SubscriptionDefinition } from '@tributary/event-bus'

/** Whether `onFailure.classify` lets a record pass that failed with this. Knows errors by their name only. */
export function isSkippedBy(rules: SubscriptionDefinition['onFailure']['classify'], thrown: unknown): boolean {
  if (!(thrown instanceof Error) || 'code' in thrown) return false
  return rules.find(({ match }) => match === thrown.name)?.as === 'skip'
}
