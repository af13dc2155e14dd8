import type { Outcome } from '../log/control-batch.ts'
import type { CommittedOffsets, CommittedPartition, OffsetJournal, Written } from './committed-offsets.ts'

/** Offsets that transactions want to commit to a group: nobody sees them before their transaction is committed. */
export class PendingOffsets {
  readonly #committed: CommittedOffsets
  readonly #journal: OffsetJournal | undefined
  readonly #byProducer = new Map<bigint, Written<CommittedPartition>[]>()

  constructor(committed: CommittedOffsets, journal: OffsetJournal | undefined) {
    this.#committed = committed
    this.#journal = journal
  }

  /** A later offset of the same transaction takes the place of an earlier one. @throws {StorageFailed} */
  add(producerId: bigint, pending: CommittedPartition): void {
    this.#journal?.setPending(producerId, pending.topic, pending.partition, pending)
    this.#remember(producerId, { ...pending, order: this.#committed.nextOrder() })
  }

  /** What an earlier process had noted. */
  restore(producerId: bigint, pending: CommittedPartition): void {
    this.#remember(producerId, { ...pending, order: 0 })
  }

  /** Whether the committed offset of that partition may change by the end of a transaction. */
  has(topic: string, partition: number): boolean {
    for (const all of this.#byProducer.values()) if (all.some((each) => isOf(each, topic, partition))) return true
    return false
  }

  /** Commits them, but for those in whose place something later was committed; or drops them. @throws {StorageFailed} when that cannot be noted; what is left stays pending. */
  end(producerId: bigint, outcome: Outcome): void {
    for (const pending of this.#byProducer.get(producerId) ?? []) {
      if (outcome === 'commit') this.#committed.settle(pending.topic, pending.partition, pending)
      this.#drop(producerId, pending)
    }
  }

  forget(topic: string, partition: number): void {
    this.#forgetWhere((pending) => isOf(pending, topic, partition))
  }

  forgetTopic(topic: string): void {
    this.#forgetWhere((pending) => pending.topic === topic)
  }

  forgetAll(): void {
    this.#forgetWhere(() => true)
  }

  #forgetWhere(isForgotten: (pending: CommittedPartition) => boolean): void {
    for (const [producerId, all] of this.#byProducer)
      for (const pending of all) if (isForgotten(pending)) this.#drop(producerId, pending)
  }

  #remember(producerId: bigint, pending: Written<CommittedPartition>): void {
    const { topic, partition } = pending
    const others = (this.#byProducer.get(producerId) ?? []).filter((each) => !isOf(each, topic, partition))
    this.#byProducer.set(producerId, [...others, pending])
  }

  #drop(producerId: bigint, dropped: CommittedPartition): void {
    this.#journal?.deletePending(producerId, dropped.topic, dropped.partition)
    const left = (this.#byProducer.get(producerId) ?? []).filter((each) => each !== dropped)
    if (left.length > 0) this.#byProducer.set(producerId, left)
    else this.#byProducer.delete(producerId)
  }
}

function isOf(pending: CommittedPartition, topic: string, partition: number): boolean {
  return pending.topic === topic && pending.partition === partition
}
