import type { AssignedPartition, Chunk, CommitRequest, OutgoingRecord, TopicPartition } from '@tributary/event-bus'
import type { ClusterState } from '../../memory/in-memory-cluster.ts'
import type { Pace } from '../scenario.ts'
import type { SeededRandom } from '../seeded-random.ts'
import type { Trace } from '../trace.ts'
import type { FaultSchedule } from './fault-schedule.ts'

/** What the driver of one process sees of the world, and tells the oracle. */
export interface DriverHost {
  readonly name: string
  readonly isAlive: boolean
  readonly cluster: ClusterState
  readonly faults: FaultSchedule
  readonly random: SeededRandom
  readonly pace: Pace
  readonly trace: Trace
  readonly witness: DriverWitness
  /** What is on its way to the cluster gets there, whatever becomes of the process. */
  transit(ms: number): Promise<void>
  /** What is on its way to the process: never resolves when it is dead by then. */
  arrival(ms: number): Promise<void>
}

/** What happens at the port of one process. */
export interface DriverWitness {
  assigned(partitions: readonly AssignedPartition[]): void
  revoking(partitions: readonly TopicPartition[]): void
  gone(partitions: readonly TopicPartition[]): void
  commitRequested(requests: readonly CommitRequest[]): void
  /** The group has stored another offset, or may have. */
  commitApplied(partition: TopicPartition): void
  /** The engine was given a chunk, wanted or not, and has paused its partition by now or not. */
  chunkOffered(chunk: Chunk, isPaused: boolean): void
  /** A write was refused for good. */
  writeRefused(record: OutgoingRecord): void
  /** The engine broke a promise of the port. */
  portBroken(what: string): void
}

export function place({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`
}
