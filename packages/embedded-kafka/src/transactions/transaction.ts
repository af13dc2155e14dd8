/**
 * The state machine of one transactional id. It decides; the coordinator has the timer and writes the markers.
 *
 *     Empty → Ongoing → PrepareCommit → CompleteCommit → Ongoing → …
 *                     ↘ PrepareAbort  → CompleteAbort  ↗
 *
 * In a Prepare state the outcome is decided and some partitions may lack its marker still.
 */
import type { Outcome } from '../log/control-batch.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { isExhausted, noProducer, type ProducerIdentity } from './producer-identity.ts'

export type TransactionState =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** A transactional id as a test sees it. */
export interface TransactionDescription {
  readonly state: TransactionState
  readonly producerId: bigint
  readonly producerEpoch: number
  readonly partitions: readonly TopicPartition[]
}

/** A transactional id as it is noted for a later process, as JSON. */
export interface RememberedTransaction {
  readonly state: TransactionState
  readonly timeoutMs: number
  readonly startedAt: number
  readonly producer: NotedProducer
  readonly previous: NotedProducer
  readonly next: NotedProducer | null
  readonly partitions: readonly (readonly [topic: string, partition: number])[]
  /** Milliseconds since 1970. */
  readonly usedAt?: number
}

type NotedProducer = readonly [producerId: string, producerEpoch: number]

const prepared = { commit: 'PrepareCommit', abort: 'PrepareAbort' } as const
const complete = { commit: 'CompleteCommit', abort: 'CompleteAbort' } as const

/** An answer that names the producer's identity from now on, or an error. */
export type Decision = ProducerIdentity | ErrorName

export class Transaction {
  readonly transactionalId: string
  readonly #allocateProducerId: () => bigint
  #state: TransactionState = 'Empty'
  #timeoutMs = 0
  #startedAt = -1
  #producer: ProducerIdentity
  /** Whom it answers as it answered the current one: the answer may have been lost. */
  #previous: ProducerIdentity = noProducer
  /** Who writes once the transaction is complete, where the epochs of the current id are used up. */
  #next: ProducerIdentity | undefined
  #partitions: readonly TopicPartition[] = []

  constructor(transactionalId: string, allocateProducerId: () => bigint, remembered?: RememberedTransaction) {
    this.transactionalId = transactionalId
    this.#allocateProducerId = allocateProducerId
    if (!remembered) {
      this.#producer = { producerId: allocateProducerId(), producerEpoch: noProducer.producerEpoch }
      return
    }
    const { producer, previous, next, partitions } = remembered
    this.#state = remembered.state
    this.#timeoutMs = remembered.timeoutMs
    this.#startedAt = remembered.startedAt
    this.#producer = producerFrom(producer)
    this.#previous = producerFrom(previous)
    this.#next = next ? producerFrom(next) : undefined
    this.#partitions = partitions.map(([topic, partition]) => ({ topic, partition }))
  }

  /** All of it, for the process that comes after this one. */
  remember(): RememberedTransaction {
    return {
      state: this.#state,
      timeoutMs: this.#timeoutMs,
      startedAt: this.#startedAt,
      producer: noted(this.#producer),
      previous: noted(this.#previous),
      next: this.#next ? noted(this.#next) : null,
      partitions: this.#partitions.map(({ topic, partition }) => [topic, partition]),
    }
  }

  get state(): TransactionState {
    return this.#state
  }

  get timeoutMs(): number {
    return this.#timeoutMs
  }

  /** Milliseconds since 1970; -1 before the first transaction. */
  get startedAt(): number {
    return this.#startedAt
  }

  get producer(): ProducerIdentity {
    return this.#producer
  }

  /** Those that were written to, or will be; those without a marker once the outcome is decided. */
  get partitions(): readonly TopicPartition[] {
    return this.#partitions
  }

  /** The outcome that is decided while markers are being written. */
  get decided(): Outcome | undefined {
    if (this.#state === 'PrepareCommit') return 'commit'
    return this.#state === 'PrepareAbort' ? 'abort' : undefined
  }

  /**
   * A producer begins, or begins again: whoever used the id before is fenced. Its open transaction is aborted first, and
   * it is asked to come again. With `expected` a producer asks for itself, to get a new epoch after an error.
   */
  initialize(timeoutMs: number, expected: ProducerIdentity | undefined): Decision {
    if (this.decided) return 'CONCURRENT_TRANSACTIONS'
    if (expected && !this.#knows(expected)) return 'PRODUCER_FENCED'
    if (this.#state === 'Ongoing') {
      this.fence()
      return 'CONCURRENT_TRANSACTIONS'
    }
    const { producerEpoch } = this.#producer
    const isExpected = expected === undefined || expected.producerEpoch === producerEpoch
    if (isExhausted(this.#producer) && isExpected) this.#become(this.#rotated(), expected ? this.#producer : noProducer)
    else if (isExpected || producerEpoch === noProducer.producerEpoch)
      this.#become(this.#bumped(), expected ? this.#producer : noProducer)
    else if (expected.producerEpoch !== this.#previous.producerEpoch) return 'PRODUCER_FENCED'
    this.#timeoutMs = timeoutMs
    this.#state = 'Empty'
    this.#startedAt = -1
    return this.#producer
  }

  /** Partitions that the producer is about to write to. The first begins a transaction. */
  add(producer: ProducerIdentity, partitions: readonly TopicPartition[], nowMs: number): ErrorName | undefined {
    const fault = this.decided ? 'CONCURRENT_TRANSACTIONS' : this.#identityFault(producer)
    if (fault) return fault
    if (this.#state !== 'Ongoing') {
      this.#state = 'Ongoing'
      this.#startedAt = nowMs
      this.#partitions = []
    }
    const known = new Map([...this.#partitions, ...partitions].map((each) => [`${each.topic} ${each.partition}`, each]))
    this.#partitions = [...known.values()]
    return undefined
  }

  /** Why the producer may not write to that partition now, if it may not. */
  verify(producer: ProducerIdentity, partition: TopicPartition): ErrorName | undefined {
    const fault = this.#identityFault(producer)
    if (fault) return fault
    if (this.decided) return 'CONCURRENT_TRANSACTIONS'
    return this.#holds(partition) ? undefined : 'TRANSACTION_ABORTABLE'
  }

  /** The classic end: the producer keeps its epoch, so a repetition cannot be told from asking twice. */
  end(producer: ProducerIdentity, outcome: Outcome): Decision {
    const fault = this.#identityFault(producer)
    if (fault) return fault
    if (this.decided) return 'CONCURRENT_TRANSACTIONS'
    return this.#state === 'Ongoing' ? this.#decide(outcome) : this.#repeatedEnd(outcome)
  }

  /**
   * The end in version 2 of transactions (KIP-890): every transaction has an epoch of its own, so that nothing late of
   * one is taken for a part of the next. A producer may abort before the coordinator has heard of a single partition.
   */
  endWithNewEpoch(producer: ProducerIdentity, outcome: Outcome, nowMs: number): Decision {
    if (this.decided) return 'CONCURRENT_TRANSACTIONS'
    if (this.#isBefore(producer)) return this.#repeatedEnd(outcome)
    const fault = this.#identityFault(producer)
    if (fault) return fault
    if (this.#state === 'Ongoing') return this.#decideWithNewEpoch(outcome)
    if (outcome === 'commit') return 'INVALID_TXN_STATE'
    this.#startedAt = nowMs
    return this.#decideWithNewEpoch(outcome)
  }

  /**
   * Nobody hears from the producer any more, or another one took its place: its transaction is aborted, and it may not
   * write again before it has asked for a new epoch.
   */
  fence(): void {
    this.#become(this.#bumped(), this.#producer)
    this.#decide('abort')
  }

  /** Markers lie on all partitions but these. With none left the transaction is complete. */
  marked(remaining: readonly TopicPartition[]): void {
    this.#partitions = remaining
    if (remaining.length > 0 || !this.decided) return
    this.#state = complete[this.decided]
    if (this.#next) this.#producer = this.#next
    this.#next = undefined
  }

  #decide(outcome: Outcome): ProducerIdentity {
    this.#state = prepared[outcome]
    return this.#producer
  }

  #decideWithNewEpoch(outcome: Outcome): ProducerIdentity {
    // The markers still go out under the old id: its last epoch is kept for them.
    if (isExhausted(this.#producer)) this.#next = this.#rotated()
    this.#become(this.#bumped(), this.#producer)
    this.#decide(outcome)
    return this.#next ?? this.#producer
  }

  #repeatedEnd(outcome: Outcome): Decision {
    return this.#state === complete[outcome] ? this.#producer : 'INVALID_TXN_STATE'
  }

  #identityFault({ producerId, producerEpoch }: ProducerIdentity): ErrorName | undefined {
    if (producerId !== this.#producer.producerId) return 'INVALID_PRODUCER_ID_MAPPING'
    return producerEpoch === this.#producer.producerEpoch ? undefined : 'PRODUCER_FENCED'
  }

  #holds({ topic, partition }: TopicPartition): boolean {
    return this.#partitions.some((each) => each.topic === topic && each.partition === partition)
  }

  /** Whether that is, or was just now, the producer of this id. Its epoch is looked at later. */
  #knows(producer: ProducerIdentity): boolean {
    return (
      this.#producer.producerEpoch === noProducer.producerEpoch ||
      producer.producerId === this.#producer.producerId ||
      (producer.producerId === this.#previous.producerId && isExhausted(producer))
    )
  }

  /** Whether the transaction has ended, and its end gave that producer the epoch that it has now. */
  #isBefore({ producerId, producerEpoch }: ProducerIdentity): boolean {
    const hasEnded = this.#state === 'CompleteCommit' || this.#state === 'CompleteAbort'
    return hasEnded && producerId === this.#previous.producerId && producerEpoch === this.#previous.producerEpoch
  }

  #become(producer: ProducerIdentity, previous: ProducerIdentity): void {
    this.#previous = previous
    this.#producer = producer
  }

  #bumped(): ProducerIdentity {
    return { ...this.#producer, producerEpoch: this.#producer.producerEpoch + 1 }
  }

  #rotated(): ProducerIdentity {
    return { producerId: this.#allocateProducerId(), producerEpoch: 0 }
  }
}

function noted({ producerId, producerEpoch }: ProducerIdentity): NotedProducer {
  return [String(producerId), producerEpoch]
}

function producerFrom([producerId, producerEpoch]: NotedProducer): ProducerIdentity {
  return { producerId: BigInt(producerId), producerEpoch }
}
