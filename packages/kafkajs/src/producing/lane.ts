import type { AppendResult, OutgoingRecord } from '@tributary/event-bus'
import { Backoff } from '../wire/backoff.ts'

/** A producer id that the cluster gave out, and its epoch. Compared by identity: two lanes have the same one when it is the same object. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** What goes over the wire for a batch, the same bytes at every attempt. */
export interface SealedBatch {
  readonly bytes: Buffer
  readonly firstSequence: number
}

/** One `append` on its way. */
export interface Batch {
  readonly records: readonly OutgoingRecord[]
  readonly timeoutMs: number
  /** Fixed by the first attempt: a repetition must carry the sequence that the broker may already know. */
  sealed: SealedBatch | null
  /** A request that carried it may have been applied: it was written to a socket and nothing definite came back. Never becomes false again. */
  mayBeWritten: boolean
  /** The caller has its answer; a batch may still be in flight then. */
  isSettled: boolean
  lastError: Error | null
  deadline: NodeJS.Timeout | undefined
  resolve(result: AppendResult): void
  reject(error: Error): void
}

const SEQUENCES = 2 ** 31

/**
 * The batches of one partition: one in flight, the others behind it. With one in flight, a batch that has to be sent again is always the next
 * one, so nothing can overtake it and no sequence number is ever taken back from under a batch that the broker has seen.
 */
export class Lane {
  readonly topic: string
  readonly partition: number
  readonly waiting: Batch[] = []
  inFlight: Batch | null = null
  identity: ProducerIdentity | null = null
  /** `performance.now()` before which nothing is sent. */
  retryAt = 0
  readonly #backoff = new Backoff()
  #nextSequence = 0

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  get isIdle(): boolean {
    return this.inFlight === null && this.waiting.length === 0
  }

  get nextSequence(): number {
    return this.#nextSequence
  }

  /** Sequences count from zero under each identity. */
  adopt(identity: ProducerIdentity): void {
    this.identity = identity
    this.#nextSequence = 0
  }

  /** The batch in flight is on the log: what follows it counts on. */
  advance(batch: Batch, firstSequence: number): void {
    this.#nextSequence = (firstSequence + batch.records.length) % SEQUENCES
    this.#backoff.reset()
    this.retryAt = 0
  }

  /** Back to the head of the queue, before anything later. */
  sendAgain(batch: Batch): void {
    this.waiting.unshift(batch)
    this.retryAt = performance.now() + this.#backoff.next()
  }
}
