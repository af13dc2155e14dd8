/** What a read of committed records may see of batches that were read as they lie. */
import { readHeader } from './batch-header.ts'

export interface BatchesRead {
  /** Whole batches; one buffer may hold several. */
  readonly batches: Buffer[]
  readonly sizeBytes: number
}

/** Cuts away what begins at or after `endOffset`, and tells the offset after the last record that is left. */
export function batchesBefore(
  endOffset: bigint,
  read: BatchesRead,
  fromOffset: bigint,
): BatchesRead & { nextOffset: bigint } {
  let nextOffset = fromOffset
  let sizeBytes = 0
  const batches: Buffer[] = []
  for (const buffer of read.batches) {
    let keptBytes = 0
    while (keptBytes < buffer.length) {
      const header = readHeader(buffer.subarray(keptBytes))
      if (header.baseOffset >= endOffset) break
      keptBytes += header.sizeBytes
      nextOffset = header.baseOffset + BigInt(header.lastOffsetDelta) + 1n
    }
    if (keptBytes > 0) batches.push(buffer.subarray(0, keptBytes))
    sizeBytes += keptBytes
    if (keptBytes < buffer.length) break
  }
  return { batches, sizeBytes, nextOffset }
}
