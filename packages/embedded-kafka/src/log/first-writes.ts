/** First writes of transactions that the coordinator was asked about and that are not on the log yet, refused ones too. */
import type { BatchHeader } from './batch-header.ts'
import { RefusedBatch } from './refused-batch.ts'

interface FirstWrite {
  epoch: number
  lowestSequence: number
  /** Of version 2 of transactions: each has an epoch of its own, in which sequences begin with 0. */
  readonly hasOwnEpoch: boolean
  readonly attemptedAtMs: number
}

export class FirstWrites {
  readonly #byProducer = new Map<bigint, FirstWrite>()

  attempted({ producerId, producerEpoch, baseSequence }: BatchHeader, hasOwnEpoch: boolean, nowMs: number): void {
    const known = this.#byProducer.get(producerId)
    const attempt = { epoch: producerEpoch, lowestSequence: baseSequence }
    if (!known) this.#byProducer.set(producerId, { ...attempt, hasOwnEpoch, attemptedAtMs: nowMs })
    else if (producerEpoch > known.epoch) Object.assign(known, attempt)
    else if (producerEpoch === known.epoch) known.lowestSequence = Math.min(known.lowestSequence, baseSequence)
  }

  /**
   * Of several batches in flight the first is written first, also where the partition knows nothing else of the producer.
   *
   * @throws {RefusedBatch} when this batch is behind one that is missing.
   */
  check({ producerId, baseSequence }: BatchHeader, hasWritten: boolean): void {
    const attempt = this.#byProducer.get(producerId)
    if (!attempt) return
    const highest = attempt.hasOwnEpoch && !hasWritten ? 0 : attempt.lowestSequence
    if (baseSequence > highest)
      throw new RefusedBatch(
        'OUT_OF_ORDER_SEQUENCE_NUMBER',
        `producer ${producerId} sent sequence ${baseSequence} first, expected was at most ${highest}`,
      )
  }

  written(producerId: bigint): void {
    this.#byProducer.delete(producerId)
  }

  /** The marker of a transaction before does not concern the first write of the next, in an epoch that it begins. */
  ended(producerId: bigint, epoch: number): void {
    const attempt = this.#byProducer.get(producerId)
    if (attempt && !(attempt.hasOwnEpoch && attempt.epoch === epoch)) this.#byProducer.delete(producerId)
  }

  /** @returns when the next one is that old, in milliseconds since 1970; Infinity where none will be. */
  forgetIdle(nowMs: number, expirationMs: number): number {
    let nextAt = Number.POSITIVE_INFINITY
    for (const [producerId, { attemptedAtMs }] of this.#byProducer) {
      if (attemptedAtMs + expirationMs <= nowMs) this.#byProducer.delete(producerId)
      else nextAt = Math.min(nextAt, attemptedAtMs + expirationMs)
    }
    return nextAt
  }
}
