import type { AssignedPartition, Chunk, TopicPartition } from '@tributary/event-bus'
import type { LogLedger } from './log-ledger.ts'

/** One assignment of one partition to one process, as the port has shown it to the engine. */
export class Tenure implements TopicPartition {
  readonly topic: string
  readonly partition: number
  readonly epoch: number
  /** What the group had committed when it began. */
  readonly committedBefore: bigint | null
  state: 'held' | 'leaving' | 'gone' = 'held'
  /** The highest commit that was asked for. */
  highestCommit: bigint
  readonly settled = new Set<number>()
  /** The last record of each lane that was run. */
  readonly lastOfLane = new Map<string, number>()
  #received: number[] = []
  #position: bigint | null = null

  constructor({ topic, partition, epoch, committed, logEndOffset }: AssignedPartition) {
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
    // What is beyond the end of the log says nothing about where to start.
    this.committedBefore = committed !== null && committed.nextOffset <= logEndOffset ? committed.nextOffset : null
    this.highestCommit = this.committedBefore ?? 0n
  }

  /** Takes in what the engine must have accepted. */
  receive({ epoch, fetchedFrom, nextPosition, records }: Chunk): void {
    this.#position ??= epoch === this.epoch ? fetchedFrom : null
    if (epoch !== this.epoch || fetchedFrom !== this.#position) return
    for (const { offset } of records) this.#received.push(Number(offset))
    this.#position = nextPosition
  }

  /** Records that were received and have not come to their end. */
  unsettled(ledger: LogLedger): number {
    this.#received = this.#received.filter((offset) => !ledger.isSettled(this, offset))
    return this.#received.length
  }
}
