import { randomUUID } from 'node:crypto'
import type { Driver, RawRecord } from '@tributary/event-bus'

/** Reads topics from their start, all partitions, in a group that nobody else is in and that commits nothing. */
export function followTopics(
  driver: Driver,
  topics: readonly string[],
  onRecord: (record: RawRecord, topic: string) => void,
): { readonly joined: Promise<void>; close(): Promise<void> } {
  const group = `follower-${randomUUID()}`
  return driver.joinGroup(
    {
      clientId: group,
      group,
      topics,
      sessionTimeoutMs: 30_000,
      heartbeatIntervalMs: 3_000,
      rebalanceTimeoutMs: 30_000,
      drainMs: 1_000,
      maxWaitMs: 500,
      maxBytes: 8_388_608,
      maxBytesPerPartition: 1_048_576,
    },
    {
      async onAssigned(partitions) {
        return partitions.map(({ topic, partition, logStartOffset }) => ({
          topic,
          partition,
          position: logStartOffset,
        }))
      },
      async onRevoking() {},
      onLost() {},
      onChunk({ topic, records }) {
        for (const record of records) onRecord(record, topic)
      },
      // Nobody waits here: what is missing shows in the wait that depends on it.
      onFailed() {},
    },
  )
}
