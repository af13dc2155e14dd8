/** Where the bytes of one partition's log lie, and how they are found: the port between `log/` and memory or disk. */
import type { ProducerState } from '../log/producer-state.ts'

export interface StoredBatch {
  readonly baseOffset: bigint
  readonly lastOffset: bigint
  readonly maxTimestamp: bigint
  readonly bytes: Buffer
}

/** The largest timestamp of a segment without any. */
export const noTimestamp = -1n

/** A stretch of the log: batches in the order of their offsets, byte for byte as consumers get them. */
export interface Segment {
  readonly baseOffset: bigint
  /** Behind its last batch; the base offset while it is empty. */
  readonly nextOffset: bigint
  readonly sizeBytes: number
  /** Of the first batch, from which `segment.ms` counts; {@link noTimestamp} while it is empty. */
  readonly firstTimestamp: bigint
  readonly maxTimestamp: bigint
  /** Takes a copy of the bytes. @throws {StorageFailed} when it cannot be written; nothing of it can be read then. */
  append(batch: StoredBatch): void
  /** Whole batches within `maxBytes`, from the one that holds `offset` or the first behind it. */
  read(offset: bigint, maxBytes: number, atLeastOne: boolean): SegmentRead
  batchesFrom(offset: bigint): Iterable<StoredBatch>
  /** Leaves out batches of which it is known that all their records are older. */
  batchesSince(timestampMs: bigint): Iterable<StoredBatch>
}

export interface SegmentRead {
  /** One buffer may hold several batches. */
  readonly batches: Buffer[]
  readonly sizeBytes: number
  /** Whether nothing of this segment is left behind them. */
  readonly reachesEnd: boolean
}

/** The segments of one partition. The last one is appended to; the others do not change any more. */
export interface SegmentStore {
  readonly segments: readonly Segment[]
  readonly active: Segment
  /** Ends the active segment and begins another. `producers` is what is known of them at this point of the log. */
  roll(baseOffset: bigint, producers: ProducerState): void
  /** Asked after every append: a good moment to note how far the log is known to be whole. */
  appended(producers: ProducerState): void
  remove(segments: readonly Segment[]): void
  /** Resolves when all of the log is on the disk. */
  flush(): Promise<void>
  /** Begins a segment that will take the place of others. Readers see nothing of it before. */
  rewrite(baseOffset: bigint): Rewrite
  /** What is left of the partition is deleted. */
  destroy(): void
  close(producers: ProducerState): Promise<void>
}

export interface Rewrite {
  append(batch: StoredBatch): void
  /**
   * Puts it in the place of `replaced`, which are neighbours. It is on the disk before they are gone from there.
   * Does nothing and resolves with false when one of them is gone already: retention was faster.
   */
  replace(replaced: readonly Segment[], producers: ProducerState): Promise<boolean>
  discard(): void
}
