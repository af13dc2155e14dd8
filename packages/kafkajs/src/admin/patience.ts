import { Backoff, pause } from '../wire/backoff.ts'
import type { Cluster } from '../wire/cluster.ts'
import { BrokerError, code, isRetriable, LinkError, publicError } from '../wire/failures.ts'

/** A topic that was created a moment ago is not known to every broker at once; after that, it does not exist. */
const NEW_TOPIC_PATIENCE_MS = 2_000

/** Tries again whatever may heal, within bounds: for requests that somebody waits for. */
export class Patience {
  readonly #cluster: Cluster
  readonly #closing: AbortSignal

  constructor(cluster: Cluster, closing: AbortSignal) {
    this.#cluster = cluster
    this.#closing = closing
  }

  /** Tries until it works, the failure is one that time does not heal, or twice the request timeout has passed. */
  async retry<T>(work: () => Promise<T>): Promise<T> {
    const startedAt = performance.now()
    const backoff = new Backoff()
    for (;;) {
      try {
        return await work()
      } catch (error) {
        const spentMs = performance.now() - startedAt
        if (this.#closing.aborted || !isRetriable(error) || spentMs > 2 * this.#cluster.settings.requestTimeoutMs) {
          throw publicError(error)
        }
        if (isAboutNobody(error) && spentMs > NEW_TOPIC_PATIENCE_MS) throw publicError(error)
        if (error instanceof LinkError || isAboutController(error)) await this.#cluster.refresh([]).catch(() => {})
        await pause(backoff.next(), this.#closing)
      }
    }
  }
}

function isAboutNobody(error: unknown): boolean {
  return error instanceof BrokerError && error.kafkaCode === code.unknownTopicOrPartition
}

function isAboutController(error: unknown): boolean {
  return error instanceof BrokerError && error.kafkaCode === code.notController
}
