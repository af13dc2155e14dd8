import type { DriverAdmin, PartitionOffsets, TopicPartition } from '@tributary/event-bus'

/** The consumer group whose committed offsets say how far a group's dead letters have been redriven. It never has members. */
export function redriveProgressGroup(group: string): string {
  return `${group}.redrive-tool`
}

/** One partition of a dead-letter topic: its bounds, and where redriving goes on. */
export interface RedriveProgress extends PartitionOffsets {
  /** The first dead letter that has not been redriven. */
  readonly nextOffset: bigint
}

export async function readRedriveProgress(
  admin: DriverAdmin,
  topic: string,
  group: string,
): Promise<readonly RedriveProgress[]> {
  const [offsets, committed] = await Promise.all([
    admin.offsets(topic),
    admin.committed(redriveProgressGroup(group), topic),
  ])
  const done = new Map(committed.map(({ partition, nextOffset }) => [partition, nextOffset]))
  return [...offsets]
    .sort((a, b) => a.partition - b.partition)
    .map((bounds) => {
      const stored = done.get(bounds.partition)
      const isStillThere = stored !== undefined && stored > bounds.logStartOffset
      return { ...bounds, nextOffset: isStillThere ? stored : bounds.logStartOffset }
    })
}

export async function storeRedriveProgress(
  admin: DriverAdmin,
  group: string,
  partition: TopicPartition,
  nextOffset: bigint,
): Promise<void> {
  const { topic } = partition
  await admin.setCommitted(redriveProgressGroup(group), [
    { topic, partition: partition.partition, nextOffset, metadata: '' },
  ])
}
