/** First in, first out, without moving what is inside at every step as `Array.shift` does. */
export class Fifo<Item> {
  #items: Item[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  /** Undefined when it is empty. */
  get first(): Item | undefined {
    return this.#items[this.#head]
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  /** Puts items before all others, the first of them first. Moves everything: not for every day. */
  prepend(items: readonly Item[]): void {
    this.#items = [...items, ...this.#items.slice(this.#head)]
    this.#head = 0
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head]
    if (item === undefined) return undefined
    this.#head += 1
    if (this.#items.length === 1) {
      // What comes and goes one by one: cheaper than giving the array up and growing it anew.
      this.#items.pop()
      this.#head = 0
    } else if (this.#head === this.#items.length) this.clear()
    else if (this.#head >= COMPACT_FROM && this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  clear(): void {
    this.#items.length = 0
    this.#head = 0
  }
}

/** Items taken that may stay referenced before the rest is moved to the front. */
const COMPACT_FROM = 256
