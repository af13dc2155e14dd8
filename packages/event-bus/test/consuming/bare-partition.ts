import type { Clock } from '../../src/clock.ts'
import { ByteBudget, Intake } from '../../src/consuming/intake/flow-control.ts'
import type { ParkingEnvironment } from '../../src/consuming/lanes/parking.ts'
import { PartitionRun } from '../../src/consuming/partition.ts'
import { silentLogger } from '../../src/logger.ts'

export interface BarePartitionOptions {
  readonly clock: Clock
  readonly partition?: number
  readonly maxRecords?: number
  readonly budget?: ByteBudget
  readonly parking?: Partial<ParkingEnvironment>
  /** Its records are handled in batches. */
  readonly isOfBatches?: boolean
}

/** A partition of `orders` without an engine around it, from offset 0 on. */
export function barePartition(options: BarePartitionOptions): PartitionRun {
  const {
    clock,
    partition = 0,
    maxRecords = 1_000,
    budget = new ByteBudget(1_000_000),
    parking = {},
    isOfBatches = false,
  } = options
  const limits = {
    maxRecordsPerPartition: maxRecords,
    maxBytesPerPartition: 1_000_000,
    maxParkedPerPartition: 100_000,
    maxUncommittedPerPartition: 1_000,
  }
  return new PartitionRun({
    assigned: { topic: 'orders', partition, epoch: 1, committed: null, logStartOffset: 0n, logEndOffset: 0n },
    position: 0n,
    committedOffset: null,
    inherited: null,
    order: 'key',
    role: { kind: 'source', group: 'inventory', source: 'orders', delayMs: null },
    gate: null,
    intake: new Intake(limits, budget),
    clock,
    ...(isOfBatches ? { onBatchDue: () => {} } : {}),
    parking: {
      readRange: () => {
        throw new Error('nothing is read again here')
      },
      clock,
      logger: silentLogger,
      random: () => 0,
      onParked: () => {},
      onRestored: () => {},
      onExpired: () => {},
      ...parking,
    },
    onMoved: () => {},
  })
}
