/** What a client's callback delivered, for a scenario that asks for it one by one. */
export class Inbox<T> {
  readonly #items: T[] = []
  #taken = 0
  #waiting: { count: number; resolve: () => void }[] = []

  put(item: T): void {
    this.#items.push(item)
    this.#waiting = this.#waiting.filter(({ count, resolve }) => {
      if (this.#items.length < count) return true
      resolve()
      return false
    })
  }

  /** The next `count` items that nobody has taken, once they are there. */
  async take(count: number): Promise<T[]> {
    const end = this.#taken + count
    if (this.#items.length < end) await new Promise<void>((resolve) => this.#waiting.push({ count: end, resolve }))
    const items = this.#items.slice(this.#taken, end)
    this.#taken = end
    return items
  }
}
