/** What outlives a broker, if anything: the logs of partitions, and a journal of everything else. */
import type { ProducerState } from '../log/producer-state.ts'
import type { SegmentStore } from './segment.ts'

export interface Storage {
  readonly journal: Journal
  /** The log of a partition; a new one begins at `startOffset`. `producers` is told of the batches that lie there. */
  openPartition(place: PartitionPlace, startOffset: bigint, producers: ProducerState): SegmentStore
  /** Removes what lies there of partitions that `known` does not name: a deletion that was interrupted. */
  removeOthers(known: readonly PartitionPlace[]): void
  /**
   * Resolves when everything that was written so far is on the disk; undefined where nobody has to wait for that.
   * No answer leaves the broker before, so nobody ever hears of a record that a power cut could still take back.
   */
  flushed(): Promise<void> | undefined
  /** After the partitions. */
  close(): Promise<void>
}

export interface PartitionPlace {
  readonly topic: string
  readonly partition: number
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** What a journal's entry is about, such as `['topic', 'orders']`. */
export type JournalKey = readonly (string | number)[]

/** A map that outlives the process. Keys are compared by what they say. */
export interface Journal {
  /** What is in it now, in the order in which the keys first came. */
  entries(): Iterable<readonly [key: JournalKey, value: JsonValue]>
  /** @throws {StorageFailed} when it cannot be written; the entry stays as it was. */
  set(key: JournalKey, value: JsonValue): void
  delete(key: JournalKey): void
}

/**
 * How many of `bytes` the disk still takes, for what is written about `subject`.
 * The real disk decides for itself; a full one is staged here.
 */
export type DiskRoom = (bytes: number, subject: Partial<PartitionPlace>) => number
