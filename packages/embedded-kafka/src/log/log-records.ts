/** All records of a log as a consumer would see them, for tests. Serving records never decodes them. */
import { readHeader } from './batch-header.ts'
import type { PartitionLog } from './partition-log.ts'
import { type LogRecord, recordsOf } from './records.ts'

/** By Kafka's names: everything, or nothing of transactions that were aborted or are still open. */
export type IsolationLevel = 'read_uncommitted' | 'read_committed'

/** Markers of transactions are no records. */
export function logRecords(log: PartitionLog, isolation: IsolationLevel): LogRecord[] {
  const { startOffset, endOffset, lastStableOffset } = log
  const end = isolation === 'read_committed' ? lastStableOffset : endOffset
  const aborted = isolation === 'read_committed' ? log.abortedTransactions(startOffset, end) : []
  const isAborted = ({ producerId, baseOffset, isTransactional }: ReturnType<typeof readHeader>): boolean =>
    isTransactional &&
    aborted.some(
      (each) => each.producerId === producerId && each.firstOffset <= baseOffset && baseOffset < each.lastOffset,
    )
  return [...log.batches()]
    .map(({ bytes }) => ({ bytes, header: readHeader(bytes) }))
    .filter(({ header }) => !header.isControl && header.baseOffset < end && !isAborted(header))
    .flatMap(({ bytes }) => recordsOf(bytes))
    .filter(({ offset }) => offset >= startOffset)
}
