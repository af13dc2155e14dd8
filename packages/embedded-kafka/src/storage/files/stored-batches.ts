import { batchSizeAt, headerBytes, readHeader } from '../../log/batch-header.ts'
import type { StoredBatch } from '../segment.ts'
import type { LogFile } from './log-file.ts'

const readAheadBytes = 262_144

/**
 * Reads whole batches from `position` up to `end`, one after the other, with little of the file in memory at a time.
 * Ends early where no whole batch follows. Checksums are not looked at.
 */
export function* storedBatches(file: LogFile, position: number, end: number): Generator<StoredBatch> {
  let at = position
  let wantedBytes = readAheadBytes
  while (at < end) {
    const window = file.read(Math.min(wantedBytes, end - at), at)
    let used = 0
    wantedBytes = readAheadBytes
    while (window.length - used >= headerBytes) {
      const sizeBytes = batchSizeAt(window, used)
      if (sizeBytes < headerBytes || sizeBytes > end - at - used) return
      if (sizeBytes > window.length - used) {
        wantedBytes = Math.max(sizeBytes, readAheadBytes)
        break
      }
      yield storedBatch(window.subarray(used, used + sizeBytes))
      used += sizeBytes
    }
    if (used === 0 && wantedBytes <= window.length) return
    if (used === 0 && window.length < headerBytes) return
    at += used
  }
}

function storedBatch(bytes: Buffer): StoredBatch {
  const { baseOffset, lastOffsetDelta, maxTimestamp } = readHeader(bytes)
  return { baseOffset, lastOffset: baseOffset + BigInt(lastOffsetDelta), maxTimestamp, bytes }
}
