/** All transactional ids of the cluster, which broker coordinates each, and the end of transactions: asked for, or by time. */
import type { Cluster } from '../cluster/cluster.ts'
import { preferredBroker } from '../cluster/preferred-broker.ts'
import type { Outcome } from '../log/control-batch.ts'
import type { ErrorName } from '../protocol/error-codes.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import { IdleIds } from './idle-ids.ts'
import type { ProducerIdentity } from './producer-identity.ts'
import { type Decision, type RememberedTransaction, type TopicPartition, Transaction } from './transaction.ts'
import { writeMarkers } from './write-markers.ts'

/** Kafka's default of `transaction.max.timeout.ms`. */
const longestTimeoutMs = 900_000

/** From a marker that a full disk did not take to the next attempt, if nobody asks about the transaction before. */
const retryMs = 10_000

/** There is one coordinator after the other, and all know what the one before knew: none has to be told from an earlier one. */
const coordinatorEpoch = 0

export class TransactionCoordinator {
  readonly #cluster: Cluster
  readonly #transactions = new Map<string, Transaction>()
  /** Ids that were moved on purpose; they stay there while that broker lives. */
  readonly #placement = new Map<string, number>()
  readonly #warn: (message: string) => void
  /** Of each id that is in a transaction: its timeout, or the next attempt to end it. */
  readonly #timers = new Map<string, () => void>()
  /** Those that a full disk keeps open; it was said so once. */
  readonly #stuck = new Set<string>()
  readonly #idle: IdleIds

  constructor(cluster: Cluster, warn: (message: string) => void) {
    this.#cluster = cluster
    this.#warn = warn
    this.#idle = new IdleIds(cluster.clock, (transactionalId) => this.#forget(transactionalId))
  }

  /** Undefined for an id that nobody began with. */
  get(transactionalId: string): Transaction | undefined {
    return this.#transactions.get(transactionalId)
  }

  /** Undefined while no broker is up. */
  coordinatorOf(transactionalId: string): number | undefined {
    return this.#placement.get(transactionalId) ?? preferredBroker(transactionalId, this.#cluster.brokers)?.id
  }

  /** Those that this broker coordinates. */
  coordinatedBy(brokerId: number): Transaction[] {
    return [...this.#transactions.values()].filter(
      ({ transactionalId }) => this.coordinatorOf(transactionalId) === brokerId,
    )
  }

  move(transactionalId: string, brokerId: number): void {
    this.#placement.set(transactionalId, brokerId)
  }

  /** A broker is gone, and its transactional ids with it to others. */
  leave(brokerId: number): void {
    for (const [transactionalId, coordinator] of this.#placement)
      if (coordinator === brokerId) this.#placement.delete(transactionalId)
  }

  /** Why that broker cannot answer for the id, if it cannot. */
  fault(transactionalId: string, brokerId: number): ErrorName | undefined {
    if (transactionalId === '') return 'INVALID_REQUEST'
    return this.coordinatorOf(transactionalId) === brokerId ? undefined : 'NOT_COORDINATOR'
  }

  initialize(transactionalId: string, timeoutMs: number, expected: ProducerIdentity | undefined): Decision {
    if (timeoutMs <= 0 || timeoutMs > longestTimeoutMs) return 'INVALID_TRANSACTION_TIMEOUT'
    const transaction = this.#transactions.get(transactionalId) ?? this.#begin(transactionalId)
    const decision = transaction.initialize(timeoutMs, expected)
    this.#settle(transaction)
    return decision
  }

  add(
    transactionalId: string,
    producer: ProducerIdentity,
    partitions: readonly TopicPartition[],
  ): ErrorName | undefined {
    const transaction = this.#transactions.get(transactionalId)
    if (!transaction) return 'INVALID_PRODUCER_ID_MAPPING'
    if (transaction.decided) this.#settleUnasked(transaction)
    const before = transaction.remember()
    const fault = transaction.add(producer, partitions, this.#cluster.clock.now())
    if (fault || transaction.partitions.length === before.partitions.length) return fault
    try {
      this.#note(transaction)
    } catch (error) {
      // It has not happened. A partition that only this process knows of would never get a marker from the next one.
      this.#begin(transactionalId, before)
      throw error
    }
    this.#startTimer(transaction)
    return undefined
  }

  /** Why the producer may not write to that partition now, if it may not. */
  verify(transactionalId: string, producer: ProducerIdentity, partition: TopicPartition): ErrorName | undefined {
    const transaction = this.#transactions.get(transactionalId)
    return transaction ? transaction.verify(producer, partition) : 'INVALID_PRODUCER_ID_MAPPING'
  }

  /** `givesNewEpoch` is version 2 of transactions. */
  end(transactionalId: string, producer: ProducerIdentity, outcome: Outcome, givesNewEpoch: boolean): Decision {
    const transaction = this.#transactions.get(transactionalId)
    if (!transaction) return 'INVALID_PRODUCER_ID_MAPPING'
    const decision = givesNewEpoch
      ? transaction.endWithNewEpoch(producer, outcome, this.#cluster.clock.now())
      : transaction.end(producer, outcome)
    this.#settle(transaction)
    return decision
  }

  /** Partitions have leaders again: markers that wait for them are written. */
  completeAll(): void {
    for (const transaction of this.#transactions.values()) if (transaction.decided) this.#settleUnasked(transaction)
  }

  /** What an earlier process noted. Its open transactions have the rest of their time. */
  restore(remembered: ReadonlyMap<string, RememberedTransaction>): void {
    for (const [transactionalId, each] of remembered) {
      const transaction = this.#begin(transactionalId, each)
      this.#idle.used(transactionalId, each.usedAt ?? this.#cluster.clock.now())
      if (transaction.state === 'Ongoing') this.#startTimer(transaction)
    }
  }

  async stop(): Promise<void> {
    for (const cancel of this.#timers.values()) cancel()
    this.#timers.clear()
    await this.#idle.stop()
  }

  #begin(transactionalId: string, remembered?: RememberedTransaction): Transaction {
    const transaction = new Transaction(transactionalId, () => this.#cluster.allocateProducerId(), remembered)
    this.#transactions.set(transactionalId, transaction)
    return transaction
  }

  /**
   * Notes what was decided, and writes the markers if that is the end of a transaction. The note comes first: a process
   * that dies between two markers leaves the outcome to the next one, which writes all of them again.
   * What a full disk does not take is tried again later, by itself: nobody may ever ask, and readers wait for it.
   */
  #settle(transaction: Transaction): void {
    const { transactionalId, decided: outcome } = transaction
    if (outcome) this.#schedule(transactionalId, retryMs)
    this.#note(transaction)
    if (!outcome) return
    const marker = { ...transaction.producer, outcome, coordinatorEpoch }
    const failed = (error: StorageFailed): void => this.#warnOf(transaction, error)
    transaction.marked(writeMarkers(this.#cluster, marker, transaction.partitions, failed))
    if (!transaction.decided) {
      this.#stopTimer(transactionalId)
      this.#stuck.delete(transactionalId)
    }
    this.#note(transaction)
  }

  /** Nobody waits for an answer. */
  #settleUnasked(transaction: Transaction): void {
    try {
      this.#settle(transaction)
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
      this.#warnOf(transaction, error)
    }
  }

  #warnOf({ transactionalId, state }: Transaction, error: StorageFailed): void {
    if (this.#stuck.has(transactionalId)) return
    this.#stuck.add(transactionalId)
    this.#warn(
      `the transaction of '${transactionalId}' stays in ${state}, and is tried again every ${retryMs / 1000} s: ${error.message}`,
    )
  }

  /** @throws {StorageFailed} */
  #note(transaction: Transaction): void {
    const { transactionalId } = transaction
    const usedAt = this.#cluster.clock.now()
    this.#cluster.journal.transaction(transactionalId, { ...transaction.remember(), usedAt })
    this.#idle.used(transactionalId, usedAt)
  }

  /** Whoever comes with that id next is new: it gets another producer id. Not within a transaction, nor on a full disk. */
  #forget(transactionalId: string): boolean {
    const transaction = this.#transactions.get(transactionalId)
    if (transaction?.decided || transaction?.state === 'Ongoing') return false
    try {
      this.#cluster.journal.forgetTransaction(transactionalId)
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
      return false
    }
    this.#transactions.delete(transactionalId)
    this.#placement.delete(transactionalId)
    return true
  }

  #startTimer({ transactionalId, timeoutMs, startedAt }: Transaction): void {
    if (this.#timers.has(transactionalId)) return
    this.#schedule(transactionalId, Math.max(0, startedAt + timeoutMs - this.#cluster.clock.now()))
  }

  /** Then the transaction is ended, if that was not decided before. */
  #schedule(transactionalId: string, delayMs: number): void {
    this.#stopTimer(transactionalId)
    const cancel = this.#cluster.clock.schedule(delayMs, () => {
      this.#timers.delete(transactionalId)
      const transaction = this.#transactions.get(transactionalId)
      if (!transaction) return
      if (!transaction.decided) transaction.fence()
      this.#settleUnasked(transaction)
    })
    this.#timers.set(transactionalId, cancel)
  }

  #stopTimer(transactionalId: string): void {
    this.#timers.get(transactionalId)?.()
    this.#timers.delete(transactionalId)
  }
}
