import type { AssignedPartition } from '../driver.ts'

/** Where a partition starts, and what the committer may take as stored. */
export interface Start {
  readonly position: bigint
  /** Null when the first commit may be anywhere, also before what is stored. */
  readonly committedOffset: bigint | null
  /** What is out of the ordinary, for the log; null when nothing is. */
  readonly anomaly: string | null
}

/**
 * The committed offset wherever it is on the log. Otherwise the start of the log rather than its end, because reading twice can be seen and repaired, and
 * skipping cannot.
 */
export function startOf(assigned: AssignedPartition, whenUncommitted: 'earliest' | 'latest'): Start {
  const { committed, logStartOffset, logEndOffset } = assigned
  if (committed === null) {
    const position = whenUncommitted === 'earliest' ? logStartOffset : logEndOffset
    return { position, committedOffset: null, anomaly: null }
  }
  const { nextOffset } = committed
  if (nextOffset < logStartOffset) {
    const anomaly = `${logStartOffset - nextOffset} records were removed by retention before this group handled them`
    return { position: logStartOffset, committedOffset: nextOffset, anomaly }
  }
  if (nextOffset > logEndOffset) {
    // The topic was made anew, or lost its end with a leader. All of what is there is read: nobody can tell which of it is new.
    const anomaly = `committed offset ${nextOffset} is beyond the end of the log ${logEndOffset}: reading from its start ${logStartOffset}`
    return { position: logStartOffset, committedOffset: null, anomaly }
  }
  return { position: nextOffset, committedOffset: nextOffset, anomaly: null }
}
