import { PartitionLog } from '../log/partition-log.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { Topic } from './topic.ts'

/** The leader's id while no replica is alive. */
export const noLeader = -1

/** One partition: its log, and which broker answers for it now. Replicas exist in name: all brokers share the one log. */
export class Partition {
  readonly topic: Topic
  readonly index: number
  readonly log: PartitionLog
  #replicas: readonly number[]
  #leader: number
  #leaderEpoch = 0
  readonly #epochs = new LeaderEpochs()

  constructor(topic: Topic, index: number, replicas: readonly number[], startOffset: bigint) {
    this.topic = topic
    this.index = index
    this.log = new PartitionLog(startOffset)
    this.#replicas = replicas
    this.#leader = replicas[0] ?? noLeader
    this.#epochs.began(this.#leaderEpoch, startOffset)
  }

  get replicas(): readonly number[] {
    return this.#replicas
  }

  get leader(): number {
    return this.#leader
  }

  get leaderEpoch(): number {
    return this.#leaderEpoch
  }

  /** Where the records of the leader with that epoch end; undefined for an epoch that is still to come, or none. */
  endOfEpoch(epoch: number): { leaderEpoch: number; endOffset: bigint } | undefined {
    return this.#epochs.end(epoch, this.log.endOffset)
  }

  moveTo(leader: number): void {
    if (leader === this.#leader) return
    this.#leader = leader
    this.#leaderEpoch += 1
    this.#epochs.began(this.#leaderEpoch, this.log.endOffset)
    if (leader !== noLeader && !this.#replicas.includes(leader)) this.#replicas = [...this.#replicas, leader]
    this.log.wake()
  }
}
