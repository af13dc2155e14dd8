import { redriveTopic, retryDelayOf, retryTopic, type TopicRole } from '../topics.ts'
import type { SubscriptionDefinition } from './definition/subscription-definition.ts'

/** The topics that a group reads, and what each is to it: its sources, and beside each a redrive topic and the retry topics of its policy. */
export class GroupTopics {
  /** Those that the definition asks for. */
  readonly defined: readonly string[]
  readonly #roles = new Map<string, TopicRole>()
  readonly #definition: Pick<SubscriptionDefinition, 'group' | 'topics'>

  constructor(definition: Pick<SubscriptionDefinition, 'group' | 'topics' | 'onFailure'>) {
    const { group, topics, onFailure } = definition
    const delaysMs = typeof onFailure.afterwards === 'object' ? onFailure.afterwards.delaysMs : []
    this.#definition = definition
    for (const source of topics) {
      this.#roles.set(redriveTopic(source, group), { kind: 'redrive', group, source, delayMs: null })
      for (const delayMs of delaysMs) {
        this.#roles.set(retryTopic(source, group, delayMs), { kind: 'retry', group, source, delayMs })
      }
    }
    // Last, so that a source is a source whatever its name.
    for (const source of topics) this.#roles.set(source, { kind: 'source', group, source, delayMs: null })
    this.defined = [...this.#roles.keys()]
  }

  /** A static member that comes back may be given a topic that an earlier version of it read: then its name says what it is. */
  roleOf(topic: string): TopicRole {
    const { group } = this.#definition
    return (
      this.#roles.get(topic) ?? this.#leftoverRole(topic) ?? { kind: 'source', group, source: topic, delayMs: null }
    )
  }

  /**
   * Takes in those of these names that are retry topics of the group for its sources and that its definition does not ask for: of an older list of delays, or of
   * another version that runs beside this one. Answers the new ones. Those of a source that is not subscribed to any more are left alone: nothing here could
   * handle what is in them.
   */
  addLeftovers(names: readonly string[]): readonly string[] {
    return names.filter((name) => {
      const role = this.#roles.has(name) ? null : this.#leftoverRole(name)
      if (role !== null) this.#roles.set(name, role)
      return role !== null
    })
  }

  #leftoverRole(name: string): TopicRole | null {
    const { group, topics } = this.#definition
    for (const source of topics) {
      const delayMs = retryDelayOf(name, source, group)
      if (delayMs !== null) return { kind: 'retry', group, source, delayMs }
    }
    return null
  }
}
