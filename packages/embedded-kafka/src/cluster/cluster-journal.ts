/**
 * What the cluster writes into the journal, and how it is read back: topics with their settings, leader epochs and where
 * logs start, what groups committed, and which producer ids were given away.
 */
import type { CommittedOffset, CommittedPartition, OffsetJournal } from '../groups/committed-offsets.ts'
import type { Journal, JournalKey, JsonValue } from '../storage/storage.ts'
import type { RememberedTransaction } from '../transactions/transaction.ts'
import type { EpochStart } from './leader-epochs.ts'
import type { Topic } from './topic.ts'

export interface RememberedTopic {
  readonly name: string
  readonly id: string
  readonly configs: ReadonlyMap<string, string>
  readonly partitions: readonly RememberedPartition[]
}

export interface RememberedPartition {
  readonly replicas: readonly number[]
  readonly epochs: readonly EpochStart[]
  readonly startOffset: bigint
}

export interface Remembered {
  readonly topics: readonly RememberedTopic[]
  readonly offsets: ReadonlyMap<string, readonly CommittedPartition[]>
  /** By group. */
  readonly pendingOffsets: ReadonlyMap<string, readonly RememberedPending[]>
  /** Groups whose members spoke the newer protocol. */
  readonly consumerGroups: ReadonlySet<string>
  readonly transactions: ReadonlyMap<string, RememberedTransaction>
  readonly nextProducerId: bigint | undefined
}

/** An offset of a transaction that was still open. */
export interface RememberedPending extends CommittedPartition {
  readonly producerId: bigint
}

interface TopicEntry {
  readonly id: string
  /** Entries of further partitions are left over from a topic of the same name. */
  readonly partitions: number
  readonly configs: { readonly [name: string]: string }
}

interface PartitionEntry {
  readonly replicas: readonly number[]
  readonly epochs: readonly (readonly [epoch: number, startOffset: string])[]
  readonly startOffset: string
}

interface OffsetEntry {
  readonly nextOffset: string
  readonly leaderEpoch: number
  readonly metadata: string
  readonly committedAt: number
}

const topicKey = (name: string): JournalKey => ['topic', name]
const partitionKey = (topic: string, index: number): JournalKey => ['partition', topic, index]
const offsetKey = (group: string, topic: string, partition: number): JournalKey => ['offset', group, topic, partition]
const pendingKey = (group: string, producerId: bigint, topic: string, partition: number): JournalKey => [
  'pending offset',
  group,
  String(producerId),
  topic,
  partition,
]
const consumerGroupKey = (group: string): JournalKey => ['consumer group', group]
const transactionKey = (transactionalId: string): JournalKey => ['transaction', transactionalId]
const producerIdsKey: JournalKey = ['producer ids']

export class ClusterJournal {
  readonly #journal: Journal

  constructor(journal: Journal) {
    this.#journal = journal
  }

  /** Written after its partitions: a topic is there with all of them or not at all. */
  topic({ name, id, partitions }: Topic, configs: ReadonlyMap<string, string>): void {
    const entry: TopicEntry = { id, partitions: partitions.length, configs: Object.fromEntries(configs) }
    this.#journal.set(topicKey(name), { ...entry })
  }

  partition(topic: string, index: number, { replicas, epochs, startOffset }: RememberedPartition): void {
    const starts = epochs.map((each) => [each.epoch, String(each.startOffset)] as const)
    const entry: PartitionEntry = { replicas, epochs: starts, startOffset: String(startOffset) }
    this.#journal.set(partitionKey(topic, index), { ...entry })
  }

  forgetTopic(name: string, partitions: number): void {
    this.#journal.delete(topicKey(name))
    for (let index = 0; index < partitions; index++) this.#journal.delete(partitionKey(name, index))
  }

  /** Ids below it are not given to anybody again. */
  producerIds(nextProducerId: bigint): void {
    this.#journal.set(producerIdsKey, String(nextProducerId))
  }

  offsetsOf(group: string): OffsetJournal {
    return {
      set: (topic, partition, offset) =>
        this.#journal.set(offsetKey(group, topic, partition), { ...entryFrom(offset) }),
      delete: (topic, partition) => this.#journal.delete(offsetKey(group, topic, partition)),
      setPending: (producerId, topic, partition, offset) =>
        this.#journal.set(pendingKey(group, producerId, topic, partition), { ...entryFrom(offset) }),
      deletePending: (producerId, topic, partition) =>
        this.#journal.delete(pendingKey(group, producerId, topic, partition)),
    }
  }

  consumerGroup(group: string): void {
    this.#journal.set(consumerGroupKey(group), true)
  }

  forgetConsumerGroup(group: string): void {
    this.#journal.delete(consumerGroupKey(group))
  }

  transaction(transactionalId: string, remembered: RememberedTransaction): void {
    this.#journal.set(transactionKey(transactionalId), { ...remembered })
  }

  forgetTransaction(transactionalId: string): void {
    this.#journal.delete(transactionKey(transactionalId))
  }

  read(): Remembered {
    const entries = new Map<string, JsonValue>()
    const topics: string[] = []
    const offsets = new Map<string, CommittedPartition[]>()
    const pendingOffsets = new Map<string, RememberedPending[]>()
    const consumerGroups = new Set<string>()
    const transactions = new Map<string, RememberedTransaction>()
    for (const [key, value] of this.#journal.entries()) {
      entries.set(JSON.stringify(key), value)
      const [kind, ...names] = key
      if (kind === 'topic') topics.push(String(names[0]))
      if (kind === 'offset') {
        const [group, topic, partition] = names as [string, string, number]
        offsets.set(group, [...(offsets.get(group) ?? []), offsetFrom(value, topic, partition)])
      }
      if (kind === 'pending offset') {
        const [group, producerId, topic, partition] = names as [string, string, string, number]
        const pending = { ...offsetFrom(value, topic, partition), producerId: BigInt(producerId) }
        pendingOffsets.set(group, [...(pendingOffsets.get(group) ?? []), pending])
      }
      if (kind === 'consumer group') consumerGroups.add(String(names[0]))
      if (kind === 'transaction') transactions.set(String(names[0]), value as unknown as RememberedTransaction)
    }
    const entryOf = <T>(key: JournalKey): T | undefined => entries.get(JSON.stringify(key)) as T | undefined
    const nextProducerId = entryOf<string>(producerIdsKey)
    return {
      topics: topics.map((name): RememberedTopic => {
        const { id, partitions, configs } = entryOf<TopicEntry>(topicKey(name)) as TopicEntry
        return {
          name,
          id,
          configs: new Map(Object.entries(configs)),
          partitions: Array.from({ length: partitions }, (_, index) => {
            const entry = entryOf<PartitionEntry>(partitionKey(name, index)) as PartitionEntry
            const epochs = entry.epochs.map(([epoch, startOffset]) => ({ epoch, startOffset: BigInt(startOffset) }))
            return { replicas: entry.replicas, epochs, startOffset: BigInt(entry.startOffset) }
          }),
        }
      }),
      offsets,
      pendingOffsets,
      consumerGroups,
      transactions,
      nextProducerId: nextProducerId === undefined ? undefined : BigInt(nextProducerId),
    }
  }
}

function entryFrom({ nextOffset, leaderEpoch, metadata, committedAt }: CommittedOffset): OffsetEntry {
  return { nextOffset: String(nextOffset), leaderEpoch, metadata, committedAt }
}

function offsetFrom(value: JsonValue, topic: string, partition: number): CommittedPartition {
  const entry = value as unknown as OffsetEntry
  return { ...entry, topic, partition, nextOffset: BigInt(entry.nextOffset) }
}
