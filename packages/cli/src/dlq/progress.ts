import type { DriverAdmin, OffsetRange, PartitionOffsets } from '@tributary/event-bus'
import { metadataFrom, rangesFrom, runFrom } from './done-ranges.ts'

/** The consumer group whose committed offsets say how far a group's dead letters have been redriven. It never has members. */
export function redriveProgressGroup(group: string): string {
  return `${group}.redrive-tool`
}

/**
 * What has been redriven of one partition of a dead-letter topic: all before an offset, and stretches beyond it, for a filter passes some over. It is
 * stored where consumers store theirs: a committed offset, and the stretches in its metadata.
 */
export class RedriveProgress {
  readonly bounds: PartitionOffsets
  /** In ascending order, apart from each other. What lies before the log counts as done. */
  readonly #done: readonly OffsetRange[]

  constructor(bounds: PartitionOffsets, done: readonly OffsetRange[]) {
    this.bounds = bounds
    this.#done = done
  }

  /** What waits to be redriven, in ascending order; there may be gaps in it where the log has no record. */
  get waiting(): readonly OffsetRange[] {
    const waiting: OffsetRange[] = []
    let position = this.bounds.logStartOffset
    for (const { from, to } of this.#done) {
      if (from > position) waiting.push({ from: position, to: from })
      if (to > position) position = to
    }
    if (position < this.bounds.logEndOffset) waiting.push({ from: position, to: this.bounds.logEndOffset })
    return waiting
  }

  with(range: OffsetRange): RedriveProgress {
    let { from, to } = range
    const before = this.#done.filter((done) => done.to < from)
    const after = this.#done.filter((done) => done.from > to)
    for (const done of this.#done.slice(before.length, this.#done.length - after.length)) {
      if (done.from < from) from = done.from
      if (done.to > to) to = done.to
    }
    return new RedriveProgress(this.bounds, [...before, { from, to }, ...after])
  }

  /** As it is to be stored; null when there are more stretches than the commit's metadata has room for. */
  encoded(run: string): { readonly nextOffset: bigint; readonly metadata: string } | null {
    const nextOffset = this.waiting[0]?.from ?? this.bounds.logEndOffset
    const beyond = this.#done.filter(({ from }) => from > nextOffset)
    const metadata = metadataFrom(nextOffset, run, beyond)
    return metadata === null ? null : { nextOffset, metadata }
  }
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
  const stored = new Map(committed.map((commit) => [commit.partition, commit]))
  return [...offsets]
    .sort((a, b) => a.partition - b.partition)
    .map((bounds) => {
      const commit = stored.get(bounds.partition)
      // Beyond the end: the topic was made anew, or lost its end. Nothing of what is there or comes there has been redriven.
      if (!commit || commit.nextOffset > bounds.logEndOffset) return new RedriveProgress(bounds, [])
      const beyond = rangesFrom(commit.metadata, commit.nextOffset).filter(({ to }) => to <= bounds.logEndOffset)
      return new RedriveProgress(bounds, [{ from: 0n, to: commit.nextOffset }, ...beyond])
    })
}

export async function storeRedriveProgress(
  admin: DriverAdmin,
  group: string,
  { topic, partition }: PartitionOffsets,
  encoded: { readonly nextOffset: bigint; readonly metadata: string },
): Promise<void> {
  await admin.setCommitted(redriveProgressGroup(group), [{ topic, partition, ...encoded }])
}

/** Which run stored the progress of a partition last; null when none did. */
export async function lastRun(
  admin: DriverAdmin,
  group: string,
  { topic, partition }: PartitionOffsets,
): Promise<string | null> {
  const commits = await admin.committed(redriveProgressGroup(group), topic)
  return runFrom(commits.find((commit) => commit.partition === partition)?.metadata ?? '')
}
