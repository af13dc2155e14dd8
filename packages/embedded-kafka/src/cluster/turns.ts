/** How long others wait for somebody with much to do, in milliseconds. */
const defaultTurnMs = 20

/** Lets others have their turn between requests of one client that come at once, between the parts of a request, and while a log is compacted. */
export class Turns {
  readonly #turnMs: number
  #beganAt = performance.now()

  /** @param turnMs - with 0, a turn is over as soon as it has begun. */
  constructor(turnMs: number = defaultTurnMs) {
    this.#turnMs = turnMs
  }

  get isOver(): boolean {
    return performance.now() - this.#beganAt >= this.#turnMs
  }

  async next(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#beganAt = performance.now()
  }
}
