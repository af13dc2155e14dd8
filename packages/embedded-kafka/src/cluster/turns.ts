/** As long as others wait for a handler with much to do, in milliseconds. */
const turnMs = 20

/** Lets others have their turn between requests of one client that come at once, and between the parts of a request. */
export class Turns {
  #beganAt = performance.now()

  get isOver(): boolean {
    return performance.now() - this.#beganAt > turnMs
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#beganAt = performance.now()
  }
}
