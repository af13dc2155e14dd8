/** The committed offsets of one group. */
import { PendingOffsets } from './pending-offsets.ts'

export interface CommittedOffset {
  /** The offset of the next record to read. */
  readonly nextOffset: bigint
  readonly leaderEpoch: number
  readonly metadata: string
  /** Milliseconds since 1970. */
  readonly committedAt: number
}

export interface CommittedPartition extends CommittedOffset {
  readonly topic: string
  readonly partition: number
}

/** Kafka's `offset.metadata.max.bytes`, of which it counts UTF-16 code units. */
export const maxMetadataLength = 4096

/** When it was written, in the order of all that the group was asked to commit; 0 for what an earlier process had noted. */
export type Written<T> = T & { readonly order: number }

/** Where commits are noted before they count. */
export interface OffsetJournal {
  set(topic: string, partition: number, offset: CommittedOffset): void
  delete(topic: string, partition: number): void
  /** Offsets of a transaction that is open. */
  setPending(producerId: bigint, topic: string, partition: number, offset: CommittedOffset): void
  deletePending(producerId: bigint, topic: string, partition: number): void
}

export class CommittedOffsets {
  /** Of transactions that are still open. */
  readonly pending: PendingOffsets
  readonly #byTopic = new Map<string, Map<number, Written<CommittedOffset>>>()
  #writes = 0
  readonly #journal: OffsetJournal | undefined

  constructor(journal?: OffsetJournal) {
    this.#journal = journal
    this.pending = new PendingOffsets(this, journal)
  }

  get isEmpty(): boolean {
    return this.#byTopic.size === 0
  }

  get(topic: string, partition: number): CommittedOffset | undefined {
    return this.#byTopic.get(topic)?.get(partition)
  }

  /** @throws {StorageFailed} when it cannot be noted; the commit before it stands. */
  set(topic: string, partition: number, offset: CommittedOffset): void {
    this.#journal?.set(topic, partition, offset)
    this.#remember(topic, partition, { ...offset, order: this.nextOrder() })
  }

  nextOrder(): number {
    return ++this.#writes
  }

  /** What a transaction had written, now that it is committed: unless something later was. @throws {StorageFailed} */
  settle(topic: string, partition: number, offset: Written<CommittedOffset>): void {
    if ((this.#byTopic.get(topic)?.get(partition)?.order ?? 0) > offset.order) return
    this.#journal?.set(topic, partition, offset)
    this.#remember(topic, partition, offset)
  }

  /** What an earlier process had noted. */
  restore(committed: readonly CommittedPartition[]): void {
    for (const { topic, partition, ...offset } of committed) this.#remember(topic, partition, { ...offset, order: 0 })
  }

  /** What open transactions want to commit there is deleted too. @throws {StorageFailed} when it cannot be noted; the commit stands. */
  delete(topic: string, partition: number): void {
    this.pending.forget(topic, partition)
    const partitions = this.#byTopic.get(topic)
    if (!partitions?.has(partition)) return
    this.#journal?.delete(topic, partition)
    partitions.delete(partition)
    if (partitions.size === 0) this.#byTopic.delete(topic)
  }

  forgetTopic(topic: string): void {
    for (const partition of this.#byTopic.get(topic)?.keys() ?? []) this.#journal?.delete(topic, partition)
    this.#byTopic.delete(topic)
    this.pending.forgetTopic(topic)
  }

  forgetAll(): void {
    for (const topic of [...this.#byTopic.keys()]) this.forgetTopic(topic)
    this.pending.forgetAll()
  }

  *all(): Iterable<CommittedPartition> {
    for (const [topic, partitions] of this.#byTopic)
      for (const [partition, { order: _, ...offset }] of partitions) yield { topic, partition, ...offset }
  }

  #remember(topic: string, partition: number, offset: Written<CommittedOffset>): void {
    const partitions = this.#byTopic.get(topic) ?? new Map<number, Written<CommittedOffset>>()
    this.#byTopic.set(topic, partitions.set(partition, offset))
  }
}
