import {
  type DriverAdmin,
  describeOffsetMetadata,
  type OffsetMetadata,
  type OffsetRange,
  type PartitionOffsets,
} from '@tributary/event-bus'
import { rangesFrom, runFrom } from '../dlq/done-ranges.ts'

/** Kafka's `offset.metadata.max.bytes` unless somebody changed it. */
export const MAX_METADATA_BYTES = 4_096

/** What a group has committed in one partition, beside the log. */
export interface PartitionExplanation extends PartitionOffsets {
  /** Null when nothing is committed. */
  readonly nextOffset: bigint | null
  /** Offsets of the log from the committed one on; null when nothing is committed. */
  readonly lag: bigint | null
  /** How many of these are settled already; followers of a waiting key are counted in, because the map does not say which they are. */
  readonly settledBeyond: bigint
  readonly metadata: OffsetMetadata | { readonly kind: 'redriven'; readonly ranges: readonly OffsetRange[] }
  readonly metadataBytes: number
  /** What is out of the ordinary; null when nothing is. */
  readonly anomaly: string | null
}

/** Explains what `group` has committed in `topic`, partition by partition. */
export async function explainOffsets(
  admin: DriverAdmin,
  group: string,
  topic: string,
): Promise<readonly PartitionExplanation[]> {
  const [log, commits] = await Promise.all([admin.offsets(topic), admin.committed(group, topic)])
  const byPartition = new Map(commits.map((commit) => [commit.partition, commit]))
  return [...log]
    .sort((a, b) => a.partition - b.partition)
    .map((bounds) => explained(bounds, byPartition.get(bounds.partition) ?? null))
}

/** The topics in which a group has committed anything, found by asking for each topic of the cluster. */
export async function committedTopics(admin: DriverAdmin, group: string): Promise<readonly string[]> {
  const topics = [...(await admin.listTopics())].filter((topic) => !topic.startsWith('__')).sort()
  const found: string[] = []
  for (const topic of topics) if ((await admin.committed(group, topic)).length > 0) found.push(topic)
  return found
}

function explained(
  bounds: PartitionOffsets,
  commit: { readonly nextOffset: bigint; readonly metadata: string } | null,
): PartitionExplanation {
  const base = { ...bounds, settledBeyond: 0n, metadata: { kind: 'none' }, metadataBytes: 0 } as const
  if (commit === null) return { ...base, nextOffset: null, lag: null, anomaly: null }
  const { nextOffset } = commit
  const metadata = readMetadata(commit)
  const isOnLog = nextOffset > bounds.logStartOffset
  const first = isOnLog ? nextOffset : bounds.logStartOffset
  return {
    ...base,
    nextOffset,
    lag: bounds.logEndOffset > first ? bounds.logEndOffset - first : 0n,
    settledBeyond: countWithin(settledIn(metadata), first, bounds.logEndOffset),
    metadata,
    metadataBytes: Buffer.byteLength(commit.metadata),
    anomaly: anomalyOf(bounds, nextOffset),
  }
}

function readMetadata({
  nextOffset,
  metadata,
}: {
  readonly nextOffset: bigint
  readonly metadata: string
}): PartitionExplanation['metadata'] {
  if (runFrom(metadata) === null) return describeOffsetMetadata(metadata, nextOffset)
  return { kind: 'redriven', ranges: rangesFrom(metadata, nextOffset) }
}

function settledIn(metadata: PartitionExplanation['metadata']): readonly OffsetRange[] {
  if (metadata.kind === 'redriven') return metadata.ranges
  return metadata.kind === 'offset-map' ? metadata.settled : []
}

function countWithin(ranges: readonly OffsetRange[], start: bigint, end: bigint): bigint {
  return ranges.reduce((sum, { from, to }) => {
    const [first, last] = [from > start ? from : start, to < end ? to : end]
    return last > first ? sum + last - first : sum
  }, 0n)
}

function anomalyOf({ logStartOffset, logEndOffset }: PartitionOffsets, nextOffset: bigint): string | null {
  if (nextOffset > logEndOffset)
    return `committed ${nextOffset} is beyond the end of the log ${logEndOffset}: the topic was made anew or lost its end, and the group will read it from its start`
  if (nextOffset < logStartOffset)
    return `retention removed ${logStartOffset - nextOffset} offsets before this group handled them`
  return null
}
