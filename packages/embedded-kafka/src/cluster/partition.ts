import { PartitionLog } from '../log/partition-log.ts'
import type { Storage } from '../storage/storage.ts'
import { StorageFailed } from '../storage/storage-failed.ts'
import type { Cleaner } from './cleaner.ts'
import type { ClusterJournal, RememberedPartition } from './cluster-journal.ts'
import { LeaderEpochs } from './leader-epochs.ts'
import type { Topic } from './topic.ts'

/** The leader's id while no replica is alive. */
export const noLeader = -1

/** Where a partition lies, and where what is to be known of it later is noted. */
export interface PartitionHome {
  readonly storage: Storage
  readonly journal: ClusterJournal
  readonly cleaner: Cleaner
}

/** One partition: its log, and which broker answers for it now. Replicas exist in name: all brokers share the one log. */
export class Partition {
  readonly topic: Topic
  readonly index: number
  readonly log: PartitionLog
  #replicas: readonly number[]
  #leader: number
  readonly #epochs: LeaderEpochs
  readonly #journal: ClusterJournal

  constructor(
    topic: Topic,
    index: number,
    { replicas, epochs, startOffset }: RememberedPartition,
    home: PartitionHome,
  ) {
    this.topic = topic
    this.index = index
    this.#replicas = replicas
    this.#leader = replicas[0] ?? noLeader
    this.#epochs = new LeaderEpochs(epochs)
    this.#journal = home.journal
    this.log = new PartitionLog({
      startOffset,
      storage: home.storage,
      place: { topic: topic.name, partition: index },
      policy: () => topic.config.logPolicy,
      startMoved: (offset) => this.note(offset),
    })
    this.log.watch(home.cleaner.wake)
  }

  get replicas(): readonly number[] {
    return this.#replicas
  }

  get leader(): number {
    return this.#leader
  }

  get leaderEpoch(): number {
    return this.#epochs.current
  }

  /** Where the records of the leader with that epoch end; undefined for an epoch that is still to come, or none. */
  endOfEpoch(epoch: number): { leaderEpoch: number; endOffset: bigint } | undefined {
    return this.#epochs.end(epoch, this.log.endOffset)
  }

  /** Notes what has to outlive the process. @throws {StorageFailed} */
  note(startOffset: bigint = this.log.startOffset): void {
    const { starts: epochs } = this.#epochs
    this.#journal.partition(this.topic.name, this.index, { replicas: this.#replicas, epochs, startOffset })
  }

  moveTo(leader: number): void {
    if (leader === this.#leader) return
    this.#leader = leader
    if (leader !== noLeader && !this.#replicas.includes(leader)) this.#replicas = [...this.#replicas, leader]
    this.beginEpoch()
    this.log.wake()
  }

  /** A leader takes office, on a full disk too; after a restart its epoch may be one that was there already. */
  beginEpoch(): void {
    this.#epochs.began(this.leaderEpoch + 1, this.log.endOffset)
    try {
      this.note()
    } catch (error) {
      if (!(error instanceof StorageFailed)) throw error
    }
  }
}
