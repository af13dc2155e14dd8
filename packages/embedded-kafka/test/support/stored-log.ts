import { defaultLogPolicy, type LogPolicy } from '../../src/log/log-policy.ts'
import { PartitionLog } from '../../src/log/partition-log.ts'
import type { BatchRules } from '../../src/log/validate-batch.ts'
import { FileStorage, type FlushPolicy } from '../../src/storage/files/file-storage.ts'

const place = { topic: 'orders', partition: 0 }

export const rules: BatchRules = {
  maxMessageBytes: 1_048_588,
  timestampType: 'CreateTime',
  maxTimestampBehindMs: Number.MAX_SAFE_INTEGER,
  maxTimestampAheadMs: Number.MAX_SAFE_INTEGER,
  requiresKeys: false,
}

export interface StoredLog {
  readonly log: PartitionLog
  readonly storage: FileStorage
  readonly warnings: string[]
  /** As at the end of a process that was not killed. */
  close(): Promise<void>
}

/** The log of one partition in a data directory. */
export function storedLog(
  directory: string,
  policy: Partial<LogPolicy> = {},
  { flush = 'system', room = (bytes: number) => bytes }: { flush?: FlushPolicy; room?: (bytes: number) => number } = {},
): StoredLog {
  const warnings: string[] = []
  const storage = new FileStorage({ directory, flush, room, warn: (message) => warnings.push(message) })
  const log = new PartitionLog({ storage, place, policy: () => ({ ...defaultLogPolicy, ...policy }) })
  return {
    log,
    storage,
    warnings,
    async close() {
      await log.close()
      await storage.close()
    },
  }
}
