/**
 * What the cluster writes into the journal, and how it is read back: topics with their settings, leader epochs and where
 * logs start, what groups committed, and which producer ids were given away.
 */
import type { CommittedOffset, CommittedPartition, OffsetJournal } from '../groups/committed-offsets.ts'
import type { Journal, JournalKey, JsonValue } from '../storage/storage.ts'
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
  readonly nextProducerId: bigint | undefined
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
      set: (topic, partition, { nextOffset, leaderEpoch, metadata, committedAt }: CommittedOffset) => {
        const entry: OffsetEntry = { nextOffset: String(nextOffset), leaderEpoch, metadata, committedAt }
        this.#journal.set(offsetKey(group, topic, partition), { ...entry })
      },
      delete: (topic, partition) => this.#journal.delete(offsetKey(group, topic, partition)),
    }
  }

  read(): Remembered {
    const entries = new Map<string, JsonValue>()
    const topics: string[] = []
    const offsets = new Map<string, CommittedPartition[]>()
    for (const [key, value] of this.#journal.entries()) {
      entries.set(JSON.stringify(key), value)
      const [kind, ...names] = key
      if (kind === 'topic') topics.push(String(names[0]))
      if (kind === 'offset') {
        const [group, topic, partition] = names as [string, string, number]
        const entry = value as unknown as OffsetEntry
        const committed = { ...entry, topic, partition, nextOffset: BigInt(entry.nextOffset) }
        offsets.set(group, [...(offsets.get(group) ?? []), committed])
      }
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
      nextProducerId: nextProducerId === undefined ? undefined : BigInt(nextProducerId),
    }
  }
}
