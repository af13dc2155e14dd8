import type { Chunk, TopicPartition } from '@tributary/event-bus'
import type { PartitionLog } from './partition-log.ts'

/** One assignment of one partition to one member: what it reads next, and whether it may. */
export class OwnedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  isPaused = false
  /** It is being given up: what is in flight may finish, nothing new is handed out. */
  isLeaving = false
  /** Null until the listener has chosen where to start: nothing is fetched before. */
  position: bigint | null = null
  /** Resolves when the listener has answered `onAssigned`, one way or another. */
  started: Promise<void> = Promise.resolve()

  constructor({ topic, partition }: TopicPartition, epoch: number) {
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
  }

  /** The next chunk, or null when there is nothing to hand out. */
  take(log: PartitionLog | undefined, maxBytes: number): Chunk | null {
    if (!log || this.isPaused || this.isLeaving || this.position === null || this.position >= log.endOffset) return null
    const fetchedFrom = this.position
    const slice = log.read(fetchedFrom, maxBytes)
    this.position = slice.nextPosition
    const { topic, partition, epoch } = this
    return { topic, partition, epoch, fetchedFrom, highWatermark: log.endOffset, ...slice }
  }
}
