/** What a client's callback delivered, for a scenario that asks for it one by one. */
export class Inbox<T> {
  readonly #items: T[] = []
  #taken = 0
  #waiting: { count: number; wanted: PromiseWithResolvers<void> }[] = []

  put(item: T): void {
    this.#items.push(item)
    this.#waiting = this.#waiting.filter(({ count, wanted }) => {
      if (this.#items.length < count) return true
      wanted.resolve()
      return false
    })
  }

  /** Nothing more will come. */
  fail(error: Error): void {
    for (const { wanted } of this.#waiting) wanted.reject(error)
    this.#waiting = []
  }

  /** The next `count` items that nobody has taken, once they are there. */
  async take(count: number): Promise<T[]> {
    const end = this.#taken + count
    if (this.#items.length < end) {
      const wanted = Promise.withResolvers<void>()
      this.#waiting.push({ count: end, wanted })
      await wanted.promise
    }
    const items = this.#items.slice(this.#taken, end)
    this.#taken = end
    return items
  }
}
