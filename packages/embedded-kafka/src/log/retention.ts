import { noTimestamp, type Segment } from '../storage/segment.ts'
import type { LogPolicy } from './log-policy.ts'

/**
 * The oldest segments that nobody may want any more: too old, beyond the size of the log, or below its start.
 * All of them may be meant, the active one too, unless that is empty.
 */
export function expiredSegments(
  segments: readonly Segment[],
  policy: LogPolicy,
  startOffset: bigint,
  nowMs: number,
): readonly Segment[] {
  const oldestMs = BigInt(Number.isFinite(policy.retentionMs) ? nowMs - policy.retentionMs : 0)
  let keptBytes = segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const firstKept = segments.findIndex((segment, index) => {
    const next = segments[index + 1]
    if (!next && segment.sizeBytes === 0) return true
    const isBelowStart = next !== undefined && next.baseOffset <= startOffset
    const isEmptied = segment.sizeBytes === 0
    const isOld = segment.maxTimestamp > noTimestamp && segment.maxTimestamp < oldestMs
    const isTooOld = policy.deletes && (isEmptied || isOld)
    const isTooMuch = policy.deletes && keptBytes - segment.sizeBytes >= policy.retentionBytes
    keptBytes -= segment.sizeBytes
    return !(isBelowStart || isTooOld || isTooMuch)
  })
  return firstKept < 0 ? segments : segments.slice(0, firstKept)
}
