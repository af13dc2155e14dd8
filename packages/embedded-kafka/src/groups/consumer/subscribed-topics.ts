/** Which topics the members of a group want, as far as they exist. */
import { namesMatching } from '../../protocol/regular-expression.ts'

interface SubscribableTopic {
  readonly id: string
  readonly name: string
  readonly partitions: readonly unknown[]
}

/** What a group sees of the cluster. */
export interface TopicSource {
  readonly topics: Iterable<SubscribableTopic>
  topic(name: string): SubscribableTopic | undefined
  /** Another one whenever a topic or partition came or went. */
  readonly topicsVersion: number
}

export interface Subscription {
  readonly topicNames: ReadonlySet<string>
  /** Empty for none. */
  readonly topicRegex: string
  /** Whether the member may know of a topic that its expression matches. */
  readonly sees: (topic: string) => boolean
}

export interface SubscribedTopics {
  /** By subscription, the ids of its topics. */
  readonly ids: ReadonlyMap<Subscription, ReadonlySet<string>>
  /** By topic id. */
  readonly partitionCounts: ReadonlyMap<string, number>
}

export function subscribedTopics(subscriptions: readonly Subscription[], source: TopicSource): SubscribedTopics {
  const matches = matchesOf(subscriptions, source)
  const partitionCounts = new Map<string, number>()
  const ids = new Map<Subscription, ReadonlySet<string>>()
  for (const subscription of subscriptions) {
    const matched = [...(matches.get(subscription.topicRegex) ?? [])].filter((name) => subscription.sees(name))
    const names = new Set([...subscription.topicNames, ...matched])
    const found = [...names].map((name) => source.topic(name)).filter((topic) => topic !== undefined)
    for (const { id, partitions } of found) partitionCounts.set(id, partitions.length)
    ids.set(subscription, new Set(found.map(({ id }) => id)))
  }
  return { ids, partitionCounts }
}

/** Each regular expression once, however many members have it. */
function matchesOf(subscriptions: readonly Subscription[], { topics }: TopicSource): Map<string, ReadonlySet<string>> {
  const regexes = new Set(subscriptions.map(({ topicRegex }) => topicRegex))
  regexes.delete('')
  if (regexes.size === 0) return new Map()
  const names = [...topics].map(({ name }) => name)
  return new Map([...regexes].map((regex) => [regex, new Set(namesMatching(regex, names))]))
}

export function isSameTopics(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one].every(([id, count]) => other.get(id) === count)
}
