import { MemorySegmentStore } from './memory-segments.ts'
import type { DiskRoom, Journal, JournalKey, PartitionPlace, Storage } from './storage.ts'
import { diskIsFull, StorageFailed } from './storage-failed.ts'

/** Nothing outlives the process. A full disk can be staged all the same. */
export class MemoryStorage implements Storage {
  readonly journal: Journal
  readonly #room: DiskRoom

  constructor(room: DiskRoom = (bytes) => bytes) {
    this.#room = room
    const mustFit = (key: JournalKey): void => {
      if (room(1, {}) < 1) throw new StorageFailed(`${key[0]} could not be noted`, { cause: diskIsFull() })
    }
    this.journal = { entries: () => [], set: mustFit, delete: mustFit }
  }

  openPartition(place: PartitionPlace, startOffset: bigint): MemorySegmentStore {
    return new MemorySegmentStore(place, startOffset, this.#room)
  }

  removeOthers(): void {}

  flushed(): undefined {
    return undefined
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
