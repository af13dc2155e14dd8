/** Transactional ids that nobody has used for long are forgotten, so that a cluster that lives long does not know all of them. */
import type { Clock } from '../cluster/clock.ts'
import { Rounds } from '../cluster/rounds.ts'

/** Kafka's default of `transactional.id.expiration.ms`. */
const expirationMs = 604_800_000
/** Kafka's `transaction.remove.expired.transaction.cleanup.interval.ms`. */
const pauseMs = 3_600_000

export class IdleIds {
  /** Milliseconds since 1970. */
  readonly #usedAt = new Map<string, number>()
  readonly #rounds: Rounds

  /** @param forget - returns false for an id that cannot be forgotten now; it is asked again an hour later. */
  constructor(clock: Clock, forget: (transactionalId: string) => boolean) {
    const round = (): Promise<number> => {
      let nextAt = Number.POSITIVE_INFINITY
      for (const [transactionalId, usedAt] of this.#usedAt) {
        const expiresAt = usedAt + expirationMs
        if (expiresAt <= clock.now() && forget(transactionalId)) this.#usedAt.delete(transactionalId)
        else nextAt = Math.min(nextAt, expiresAt)
      }
      return Promise.resolve(nextAt)
    }
    this.#rounds = new Rounds({ clock, pauseMs, round })
  }

  used(transactionalId: string, at: number): void {
    this.#usedAt.set(transactionalId, at)
    this.#rounds.wake()
  }

  async stop(): Promise<void> {
    await this.#rounds.stop()
  }
}
