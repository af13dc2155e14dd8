/** What all connections of a cluster together may hold of requests: Kafka's `queued.max.request.bytes`, which has no limit there by default. */
const maxHeldBytes = 536_870_912

/** A connection that holds bytes of requests which are incomplete, waiting or being served. */
export interface Holder {
  /** It holds more than any other, and all of them together too much. */
  crowdedOut(heldBytes: number): void
}

/**
 * Bounds the memory that clients can take by sending. One of them may send a request of 100 MiB; a hundred may not.
 * The connection that holds the most pays for it, so that nobody else has to wait, as all have to in Kafka.
 */
export class Intake {
  readonly #held = new Map<Holder, number>()
  readonly #maxBytes: number
  #totalBytes = 0

  constructor(maxBytes: number = maxHeldBytes) {
    this.#maxBytes = maxBytes
  }

  get heldBytes(): number {
    return this.#totalBytes
  }

  /** That connection holds so much from now on. */
  hold(holder: Holder, bytes: number): void {
    this.#totalBytes += bytes - (this.#held.get(holder) ?? 0)
    if (bytes === 0) this.#held.delete(holder)
    else this.#held.set(holder, bytes)
    while (this.#totalBytes > this.#maxBytes) this.#crowdOut()
  }

  #crowdOut(): void {
    const [greediest, bytes] = [...this.#held].reduce((most, each) => (each[1] > most[1] ? each : most))
    this.hold(greediest, 0)
    greediest.crowdedOut(bytes)
  }
}
