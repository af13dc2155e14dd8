import { readHeader } from '../../src/log/batch-header.ts'
import { markerOf } from '../../src/log/control-batch.ts'
import type { PartitionLog } from '../../src/log/partition-log.ts'
import { type LogRecord, recordsOf } from '../../src/log/records.ts'

/** All committed records: a few batches at a time, with the filter that the Java client and kafkajs have. */
export function readAsClientsDo(log: PartitionLog): LogRecord[] {
  const records: LogRecord[] = []
  let offset = log.startOffset
  for (;;) {
    const { batches, abortedTransactions } = log.readCommitted(offset, 150, true)
    if (batches.length === 0) return records
    const upcoming = abortedTransactions.toSorted((one, other) => Number(one.firstOffset - other.firstOffset))
    const aborted = new Set<bigint>()
    for (const bytes of batches.flatMap(batchesIn)) {
      const header = readHeader(bytes)
      offset = header.baseOffset + BigInt(header.lastOffsetDelta) + 1n
      while (upcoming[0] && upcoming[0].firstOffset < offset)
        aborted.add((upcoming.shift() as { producerId: bigint }).producerId)
      if (header.isControl) {
        if (markerOf(bytes)?.outcome === 'abort') aborted.delete(header.producerId)
      } else if (!(header.isTransactional && aborted.has(header.producerId))) records.push(...recordsOf(bytes))
    }
  }
}

/** One buffer may hold several. */
function batchesIn(buffer: Buffer): Buffer[] {
  const batches: Buffer[] = []
  for (let at = 0; at < buffer.length; ) {
    const { sizeBytes } = readHeader(buffer.subarray(at))
    batches.push(buffer.subarray(at, at + sizeBytes))
    at += sizeBytes
  }
  return batches
}
