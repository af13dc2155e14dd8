import type { Chunk, TopicPartition } from '@tributary/event-bus'
import { partitionId } from './assignment.ts'
import { OwnedPartition } from './owned-partition.ts'
import type { TopicStore } from './topic-store.ts'

export interface OwnedPartitionsDeps {
  readonly topics: TopicStore
  readonly maxBytesPerPartition: number
  readonly onChunk: (chunk: Chunk) => void
}

/** What one member owns, and the hand-out of what lies in it. */
export class OwnedPartitions {
  readonly #deps: OwnedPartitionsDeps
  readonly #byId = new Map<string, OwnedPartition>()
  #lastEpoch = 0
  #isPumping = false

  constructor(deps: OwnedPartitionsDeps) {
    this.#deps = deps
  }

  get all(): readonly OwnedPartition[] {
    return [...this.#byId.values()]
  }

  get(partition: TopicPartition): OwnedPartition | undefined {
    return this.#byId.get(partitionId(partition))
  }

  /** Whether this assignment still stands: the same partition may have come back in a later epoch. */
  has(owned: OwnedPartition): boolean {
    return this.get(owned) === owned
  }

  /** Each in an epoch of its own. */
  add(partitions: readonly TopicPartition[]): readonly OwnedPartition[] {
    const gained = partitions.map((partition) => new OwnedPartition(partition, ++this.#lastEpoch))
    for (const owned of gained) this.#byId.set(partitionId(owned), owned)
    return gained
  }

  delete(partition: TopicPartition): void {
    this.#byId.delete(partitionId(partition))
  }

  clear(): void {
    this.#byId.clear()
  }

  pause(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.get(partition)
      if (owned) owned.isPaused = true
    }
  }

  resume(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) {
      const owned = this.get(partition)
      if (owned) owned.isPaused = false
    }
    this.pump()
  }

  seek(partition: TopicPartition, epoch: number, position: bigint): void {
    const owned = this.get(partition)
    if (owned?.epoch !== epoch) return
    owned.position = position
    this.pump()
  }

  /** Hands out what there is, one chunk a turn, so that the listener's pauses take effect and other work gets between. */
  pump(): void {
    if (this.#isPumping) return
    this.#isPumping = true
    queueMicrotask(() => {
      this.#isPumping = false
      const chunk = this.#nextChunk()
      if (!chunk) return
      this.#deps.onChunk(chunk)
      this.pump()
    })
  }

  #nextChunk(): Chunk | null {
    for (const [id, owned] of this.#byId) {
      const chunk = owned.take(this.#deps.topics.findLog(owned), this.#deps.maxBytesPerPartition)
      if (!chunk) continue
      // To the end of the queue: partitions take turns.
      this.#byId.delete(id)
      this.#byId.set(id, owned)
      return chunk
    }
    return null
  }
}
