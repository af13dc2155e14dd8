import { shopSubscriptions } from '@tributary/contracts'

/** Source topics, and the groups that read each. */
export const readers: ReadonlyMap<string, readonly string[]> = readersByTopic()

function readersByTopic(): Map<string, string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, topics } of shopSubscriptions) {
    for (const topic of topics) groups.set(topic, [...(groups.get(topic) ?? []), group])
  }
  return groups
}

/** The groups that handle a type of event. */
export const handlersOf = (type: string): string[] =>
  shopSubscriptions.filter(({ on }) => on.some(({ event }) => event.type === type)).map(({ group }) => group)
