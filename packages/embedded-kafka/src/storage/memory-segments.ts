import {
  noTimestamp,
  type Rewrite,
  type Segment,
  type SegmentRead,
  type SegmentStore,
  type StoredBatch,
} from './segment.ts'
import { joined, Slabs } from './slabs.ts'
import type { DiskRoom, PartitionPlace } from './storage.ts'
import { diskIsFull, StorageFailed } from './storage-failed.ts'

class MemorySegment implements Segment {
  readonly baseOffset: bigint
  readonly #batches: StoredBatch[] = []
  readonly #slabs = new Slabs()
  readonly #room: (bytes: number) => number
  #sizeBytes = 0
  #maxTimestamp = noTimestamp

  constructor(baseOffset: bigint, room: (bytes: number) => number) {
    this.baseOffset = baseOffset
    this.#room = room
  }

  get nextOffset(): bigint {
    const last = this.#batches.at(-1)
    return last ? last.lastOffset + 1n : this.baseOffset
  }

  get sizeBytes(): number {
    return this.#sizeBytes
  }

  get firstTimestamp(): bigint {
    return this.#batches[0]?.maxTimestamp ?? noTimestamp
  }

  get maxTimestamp(): bigint {
    return this.#maxTimestamp
  }

  append(batch: StoredBatch): void {
    if (this.#room(batch.bytes.length) < batch.bytes.length)
      throw new StorageFailed('a batch could not be written', { cause: diskIsFull() })
    this.#batches.push({ ...batch, bytes: this.#slabs.copyOf(batch.bytes) })
    this.#sizeBytes += batch.bytes.length
    if (batch.maxTimestamp > this.#maxTimestamp) this.#maxTimestamp = batch.maxTimestamp
  }

  read(offset: bigint, maxBytes: number, atLeastOne: boolean): SegmentRead {
    const batches: Buffer[] = []
    let sizeBytes = 0
    let index = this.#indexOf(offset)
    for (; index < this.#batches.length; index++) {
      const { bytes } = this.#batches[index] as StoredBatch
      if (sizeBytes + bytes.length > maxBytes && !(atLeastOne && batches.length === 0)) break
      batches.push(bytes)
      sizeBytes += bytes.length
    }
    return { batches: joined(batches), sizeBytes, reachesEnd: index === this.#batches.length }
  }

  batchesFrom(offset: bigint): Iterable<StoredBatch> {
    return this.#batches.slice(this.#indexOf(offset))
  }

  batchesSince(timestampMs: bigint): Iterable<StoredBatch> {
    return this.#batches.filter(({ maxTimestamp }) => maxTimestamp >= timestampMs)
  }

  /** The index of the first batch whose last offset is not below `offset`. */
  #indexOf(offset: bigint): number {
    let low = 0
    let high = this.#batches.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#batches[middle] as StoredBatch).lastOffset < offset) low = middle + 1
      else high = middle
    }
    return low
  }
}

export class MemorySegmentStore implements SegmentStore {
  readonly #room: (bytes: number) => number
  #segments: readonly Segment[]
  #active: Segment

  constructor(place: PartitionPlace, startOffset: bigint, room: DiskRoom) {
    this.#room = (bytes) => room(bytes, place)
    this.#active = new MemorySegment(startOffset, this.#room)
    this.#segments = [this.#active]
  }

  get segments(): readonly Segment[] {
    return this.#segments
  }

  get active(): Segment {
    return this.#active
  }

  roll(baseOffset: bigint): void {
    this.#active = new MemorySegment(baseOffset, this.#room)
    this.#segments = [...this.#segments, this.#active]
  }

  appended(): void {}

  remove(segments: readonly Segment[]): void {
    this.#segments = this.#segments.filter((segment) => !segments.includes(segment))
  }

  flush(): Promise<void> {
    return Promise.resolve()
  }

  rewrite(baseOffset: bigint): Rewrite {
    const segment = new MemorySegment(baseOffset, this.#room)
    return {
      append: (batch) => segment.append(batch),
      replace: (replaced) => {
        const at = this.#segments.indexOf(replaced[0] as Segment)
        const isWhole = replaced.every((each, index) => this.#segments[at + index] === each)
        if (isWhole) this.#segments = this.#segments.toSpliced(at, replaced.length, segment)
        return Promise.resolve(isWhole)
      },
      discard: () => {},
    }
  }

  destroy(): void {
    this.#segments = []
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
