/** What this member tells the group that it reads: the topics that it was made for, and those that were added since. */
export class SubscribedTopics {
  readonly #required: ReadonlySet<string>
  readonly #all: Set<string>

  constructor(required: readonly string[]) {
    this.#required = new Set(required)
    this.#all = new Set(required)
  }

  get all(): readonly string[] {
    return [...this.#all]
  }

  /** Answers whether any of them is new. */
  add(topics: readonly string[]): boolean {
    const before = this.#all.size
    for (const topic of topics) this.#all.add(topic)
    return this.#all.size > before
  }

  /** A topic is gone. Answers whether the membership can do without it: one that was added may go again. */
  letGo(topic: string): boolean {
    return !this.#required.has(topic) && this.#all.delete(topic)
  }
}
