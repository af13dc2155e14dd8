import type { OffsetRange, WaitingKey } from '@tributary/event-bus'
import { UsageError } from '../environment.ts'
import { exitCodes } from '../exit-codes.ts'
import { committedTopics, explainOffsets, MAX_METADATA_BYTES, type PartitionExplanation } from '../offsets/explain.ts'
import type { Session } from '../session.ts'

export interface ExplainOptions {
  readonly group: string
  readonly topic?: string
}

const SHOWN_RANGES = 10

/** Says of each partition what a group has committed, and what the commit's metadata means. */
export async function offsetsExplain({ admin, output }: Session, options: ExplainOptions): Promise<number> {
  const { group, topic } = options
  if (topic !== undefined && (await admin.describeTopics([topic])).length === 0)
    throw new UsageError(`there is no topic ${topic} on this cluster`)
  const topics = topic === undefined ? await committedTopics(admin, group) : [topic]
  if (topics.length === 0)
    throw new UsageError(
      `group ${group} has committed nothing on this cluster: is it spelt as its subscription has it?`,
    )
  const partitions: PartitionExplanation[] = []
  for (const each of topics) partitions.push(...(await explainOffsets(admin, group, each)))
  output.result({ group, partitions })
  for (const partition of partitions) for (const line of explanationLines(partition)) output.line(line)
  return exitCodes.done
}

function explanationLines(partition: PartitionExplanation): string[] {
  const { nextOffset, lag, settledBeyond, logStartOffset, logEndOffset, anomaly } = partition
  const place = `${partition.topic}/${partition.partition}`
  const log =
    logEndOffset > logStartOffset ? `log ${shown(logStartOffset, logEndOffset)}` : `log empty at ${logEndOffset}`
  if (nextOffset === null) return [`${place}  ${log}, nothing committed`]
  // Followers of a waiting key lie among what is settled, and the map does not say which they are.
  const hasFollowers = partition.metadata.kind === 'offset-map' && partition.metadata.waitingKeys.length > 0
  const settled = settledBeyond > 0n ? `, ${hasFollowers ? 'up to ' : ''}${settledBeyond} of them settled already` : ''
  return [
    `${place}  ${log}, next ${nextOffset}, lag ${lag}${settled}`,
    ...(anomaly === null ? [] : [`  ! ${anomaly}`]),
    ...metadataLines(partition).map((line) => `  ${line}`),
  ]
}

function metadataLines({ metadata, metadataBytes, nextOffset }: PartitionExplanation): string[] {
  switch (metadata.kind) {
    case 'none':
      return [`no metadata: nothing is settled from ${nextOffset} on`]
    case 'foreign':
      return [
        `foreign metadata (${metadataBytes} bytes): another program or a newer version wrote it, and it is ignored`,
      ]
    case 'void':
      return [
        `void offset map: it belongs to ${metadata.writtenFor}, not to ${nextOffset}; a tool has set the offset since`,
      ]
    case 'redriven':
      return [`redriven beyond: ${rangesText(metadata.ranges)}`, roomText('redrive progress', metadataBytes)]
    case 'offset-map':
      return [
        `settled beyond: ${rangesText(metadata.settled)}`,
        `unsettled: ${rangesText(metadata.unsettled)}, and all from ${metadata.boundary} on`,
        ...waitingKeyLines(metadata.waitingKeys),
        roomText(`offset map ${metadata.format}`, metadataBytes),
      ]
  }
}

/** A map knows keys by their hashes only. */
function waitingKeyLines(keys: readonly WaitingKey[]): string[] {
  if (keys.length === 0) return []
  const first = keys
    .slice(0, SHOWN_RANGES)
    .map(({ from, keyHash }) => `from ${from} (hash ${keyHash.toString(16).padStart(8, '0')})`)
  const more = keys.length > SHOWN_RANGES ? `, … ${keys.length - SHOWN_RANGES} more` : ''
  return [`waiting keys, each with its followers: ${first.join(', ')}${more}`]
}

function roomText(what: string, bytes: number): string {
  return `${what}: ${bytes} of ${MAX_METADATA_BYTES} bytes (${Math.round((bytes / MAX_METADATA_BYTES) * 100)} %)`
}

function rangesText(ranges: readonly OffsetRange[]): string {
  if (ranges.length === 0) return 'nothing'
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0n)
  const more = ranges.length > SHOWN_RANGES ? `, … ${ranges.length - SHOWN_RANGES} more` : ''
  const first = ranges.slice(0, SHOWN_RANGES).map(({ from, to }) => shown(from, to))
  return `${first.join(', ')}${more} (${count} ${count === 1n ? 'offset' : 'offsets'})`
}

/** Both ends counted, as people read it. */
function shown(from: bigint, to: bigint): string {
  return to - from === 1n ? String(from) : `${from}–${to - 1n}`
}
