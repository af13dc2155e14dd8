import type { AssignedPartition } from '../../driver.ts'
import { decodeOffsetMap, type OffsetMap } from './offset-map.ts'

/** Where a partition starts, and what the committer may take as stored. */
export interface Start {
  readonly position: bigint
  /** Null when the first commit may be anywhere, also before what is stored. */
  readonly committedOffset: bigint | null
  /** What earlier epochs settled beyond `committedOffset`, which is not run again; null when nothing is known to be. */
  readonly inherited: OffsetMap | null
  /** The commit's metadata was written by another program. It is ignored: failing here would be an outage. */
  readonly isMetadataForeign: boolean
  /** What is wrong with the committed offset; null when it is on the log, or was. */
  readonly anomaly: string | null
}

const NOTHING_COMMITTED = { committedOffset: null, inherited: null, isMetadataForeign: false } as const

/**
 * The committed offset wherever it is on the log. Otherwise the start of the log rather than its end, because reading twice can be seen and repaired, and
 * skipping cannot.
 */
export function startOf(assigned: AssignedPartition, whenUncommitted: 'earliest' | 'latest'): Start {
  const { committed, logStartOffset, logEndOffset } = assigned
  if (committed === null) {
    const position = whenUncommitted === 'earliest' ? logStartOffset : logEndOffset
    return { ...NOTHING_COMMITTED, position, anomaly: null }
  }
  const { nextOffset, metadata } = committed
  if (nextOffset > logEndOffset) {
    // The topic was made anew, or lost its end with a leader. All of what is there is read: nobody can tell which of it is new.
    const anomaly = `committed offset ${nextOffset} is beyond the end of the log ${logEndOffset}: reading from its start ${logStartOffset}`
    return { ...NOTHING_COMMITTED, position: logStartOffset, anomaly }
  }
  const decoded = decodeOffsetMap(metadata, nextOffset)
  const start = {
    committedOffset: nextOffset,
    inherited: decoded === null ? null : onLog(decoded, logEndOffset),
    isMetadataForeign: decoded === null,
  }
  const isOnLog = nextOffset >= logStartOffset
  return { ...start, position: isOnLog ? nextOffset : logStartOffset, anomaly: null }
}

/** Nothing beyond the end of the log can have been settled: what the map says of it is about records that the log has lost since. */
function onLog({ boundary, unsettled }: OffsetMap, logEndOffset: bigint): OffsetMap {
  return { boundary: boundary < logEndOffset ? boundary : logEndOffset, unsettled }
}
