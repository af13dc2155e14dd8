import { redriveTopic, retryDelayOf, retryTopic, type TopicRole } from '../topics.ts'
import type { SubscriptionDefinition } from './subscription-definition.ts'

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
      this.#add(redriveTopic(source, group), { kind: 'redrive', group, source, delayMs: null })
      for (const delayMs of delaysMs) {
        this.#add(retryTopic(source, group, delayMs), { kind: 'retry', group, source, delayMs })
      }
    }
    // Last, so that a source is a source whatever its name.
    for (const source of topics) this.#add(source, { kind: 'source', group, source, delayMs: null })
    this.defined = [...this.#roles.keys()]
  }

  /** @throws {RangeError} for a topic that the group does not read. */
  roleOf(topic: string): TopicRole {
    const role = this.#roles.get(topic)
    if (role === undefined) throw new RangeError(`${topic} is no topic of group ${this.#definition.group}`)
    return role
  }

  /**
   * Takes in those of these names that are retry topics of the group for its sources and that its definition does not ask for: of an older list of delays, or of
   * another version that runs beside this one. Answers the new ones.
   */
  addLeftovers(names: readonly string[]): readonly string[] {
    const { group, topics } = this.#definition
    const found: string[] = []
    for (const name of names) {
      if (this.#roles.has(name)) continue
      for (const source of topics) {
        const delayMs = retryDelayOf(name, source, group)
        if (delayMs === null) continue
        this.#add(name, { kind: 'retry', group, source, delayMs })
        found.push(name)
        break
      }
    }
    return found
  }

  #add(topic: string, role: TopicRole): void {
    this.#roles.set(topic, role)
  }
}
