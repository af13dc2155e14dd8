import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { recordBatch } from '../../test/support/record-batch.ts'
import { batchSizeAt } from './batch-header.ts'
import { PartitionLog } from './partition-log.ts'
import { recordsOf } from './records.ts'
import type { BatchRules } from './validate-batch.ts'

const rules: BatchRules = {
  maxMessageBytes: 1_048_588,
  timestampType: 'CreateTime',
  maxTimestampBehindMs: Number.MAX_SAFE_INTEGER,
  maxTimestampAheadMs: 3_600_000,
  requiresKeys: false,
}
const nowMs = 1_700_000_000_000

function append(log: PartitionLog, batch: Buffer, over: Partial<BatchRules> = {}) {
  return log.append(batch, 0, { ...rules, ...over }, nowMs)
}

function values(log: PartitionLog): (string | undefined)[] {
  return [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes)).map(({ value }) => value?.toString())
}

const oneRecord = (value: string) => recordBatch([{ value }])

describe('appending', () => {
  it('gives records consecutive offsets', () => {
    const log = new PartitionLog()
    expect(append(log, recordBatch([{ value: 'a' }, { value: 'b' }])).baseOffset).toBe(0n)
    expect(append(log, oneRecord('c')).baseOffset).toBe(2n)
    expect(log.endOffset).toBe(3n)
    expect(values(log)).toEqual(['a', 'b', 'c'])
  })

  it('keeps offsets beyond 2^53 exact', () => {
    const log = new PartitionLog({ startOffset: 2n ** 53n })
    append(log, oneRecord('a'))
    expect(append(log, oneRecord('b')).baseOffset).toBe(2n ** 53n + 1n)
  })

  it('keeps its own copy of what was sent', () => {
    const log = new PartitionLog()
    const sent = oneRecord('kept')
    append(log, sent)
    sent.fill(0)
    expect(values(log)).toEqual(['kept'])
  })

  it('stamps the time of the append where the topic says so, under a right checksum', () => {
    const log = new PartitionLog()
    const { logAppendTimeMs } = append(log, oneRecord('a'), { timestampType: 'LogAppendTime' })
    expect(logAppendTimeMs).toBe(BigInt(nowMs))
    const [stored] = log.batches()
    expect(recordsOf(stored?.bytes ?? Buffer.alloc(0))[0]?.timestamp).toBe(BigInt(nowMs))
    const again = Buffer.from(stored?.bytes ?? Buffer.alloc(0))
    expect(append(new PartitionLog(), again).baseOffset).toBe(0n)
  })

  it('refuses timestamps too far in the future', () => {
    const batch = recordBatch([{ timestamp: nowMs + 3_600_001 }])
    expect(() => append(new PartitionLog(), batch)).toThrow(expect.objectContaining({ error: 'INVALID_TIMESTAMP' }))
  })
})

describe('an idempotent producer', () => {
  const from = (baseSequence: number, count = 1, producerEpoch = 0) =>
    recordBatch(
      Array.from({ length: count }, (_, index) => ({ value: `${baseSequence + index}` })),
      { producerId: 7n, producerEpoch, baseSequence },
    )
  const errorOf = (log: PartitionLog, batch: Buffer): string => {
    try {
      append(log, batch)
      return 'NONE'
    } catch (error) {
      return (error as { error: string }).error
    }
  }

  it('that repeats one of its last five batches is told the first offset, and nothing is written twice', () => {
    const log = new PartitionLog()
    for (let batch = 0; batch < 5; batch++) append(log, from(batch * 2, 2))
    expect(append(log, from(0, 2)).baseOffset).toBe(0n)
    expect(append(log, from(8, 2)).baseOffset).toBe(8n)
    expect(log.endOffset).toBe(10n)
  })

  it('that repeats an older batch, or leaves a gap, is out of order', () => {
    const log = new PartitionLog()
    for (let sequence = 0; sequence < 6; sequence++) append(log, from(sequence))
    expect(errorOf(log, from(0))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(errorOf(log, from(7))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(errorOf(log, from(6))).toBe('NONE')
  })

  it('that packs an old sequence into another batch is out of order', () => {
    const log = new PartitionLog()
    append(log, from(0, 2))
    expect(errorOf(log, from(1, 1))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
  })

  it('begins a new epoch at 0, and its old epoch is fenced', () => {
    const log = new PartitionLog()
    append(log, from(0))
    expect(errorOf(log, from(1, 1, 1))).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER')
    expect(errorOf(log, from(0, 1, 1))).toBe('NONE')
    expect(errorOf(log, from(1, 1, 0))).toBe('INVALID_PRODUCER_EPOCH')
  })

  it('that the partition never saw may begin anywhere', () => {
    expect(errorOf(new PartitionLog(), from(41))).toBe('NONE')
  })

  it('goes on at 0 after sequence 2^31 - 1', () => {
    const log = new PartitionLog()
    append(log, from(2 ** 31 - 2, 3))
    expect(errorOf(log, from(1))).toBe('NONE')
  })
})

/** One buffer may hold several batches. */
function baseOffsetsIn(batches: readonly Buffer[]): bigint[] {
  const bytes = Buffer.concat(batches)
  const found: bigint[] = []
  for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) found.push(bytes.readBigInt64BE(at))
  return found
}

describe('reading', () => {
  const filled = (): PartitionLog => {
    const log = new PartitionLog()
    for (let batch = 0; batch < 10; batch++)
      append(
        log,
        recordBatch([{ value: 'x', timestamp: nowMs + batch * 100 }, { timestamp: nowMs + batch * 100 + 50 }]),
      )
    return log
  }

  it('begins with the batch that holds the offset', () => {
    const { batches } = filled().read(5n, 1_000_000, false)
    expect(baseOffsetsIn(batches)).toEqual([4n, 6n, 8n, 10n, 12n, 14n, 16n, 18n])
  })

  it('gives whole batches within the limit, and at least one where that is asked for', () => {
    const log = filled()
    const sizeOfTwo = [...log.batches()].slice(0, 2).reduce((size, { bytes }) => size + bytes.length, 0)
    const readAt = (...place: Parameters<PartitionLog['read']>) => baseOffsetsIn(log.read(...place).batches)
    expect(readAt(0n, sizeOfTwo + 1, false)).toEqual([0n, 2n])
    expect(readAt(0n, 1, false)).toEqual([])
    expect(readAt(0n, 1, true)).toEqual([0n])
    expect(readAt(20n, 1_000, true)).toEqual([])
  })

  it('finds the first record at or after a time, inside its batch', () => {
    const log = filled()
    expect(log.offsetAt(BigInt(nowMs + 250))).toEqual({ offset: 5n, timestampMs: BigInt(nowMs + 250) })
    expect(log.offsetAt(0n)?.offset).toBe(0n)
    expect(log.offsetAt(BigInt(nowMs + 99_999))).toBeUndefined()
  })

  it('finds times in compressed batches too', () => {
    const log = new PartitionLog()
    append(log, recordBatch([{ timestamp: nowMs }, { timestamp: nowMs + 5 }], { attributes: 1, compress: gzipSync }))
    expect(log.offsetAt(BigInt(nowMs + 1))?.offset).toBe(1n)
  })

  it('forgets what is deleted, also in the middle of a batch', () => {
    const log = filled()
    log.deleteBefore(5n)
    expect(log.startOffset).toBe(5n)
    expect([...log.batches()][0]?.baseOffset).toBe(4n)
    expect(log.offsetAt(0n)?.offset).toBe(5n)
  })
})

describe('reading what is committed', () => {
  const write = (log: PartitionLog, producerId: bigint, values: string[]) =>
    append(
      log,
      recordBatch(
        values.map((value) => ({ value })),
        { producerId, producerEpoch: 0, baseSequence: 0, attributes: 0x10 },
      ),
    )
  const abort = (log: PartitionLog, producerId: bigint) =>
    log.endTransaction({ producerId, producerEpoch: 0, outcome: 'abort', coordinatorEpoch: 0 }, 0, nowMs)

  it('names no aborted transactions where there is nothing to read yet', () => {
    const log = new PartitionLog()
    write(log, 1n, ['aborted'])
    write(log, 2n, ['open'])
    abort(log, 1n)
    expect(log.readCommitted(1n, 1_000, true)).toEqual({ batches: [], sizeBytes: 0, abortedTransactions: [] })
    expect(log.readCommitted(0n, 1_000, true).abortedTransactions).toHaveLength(1)
  })

  it('ends with the batch that holds the start when the beginning of an open transaction is deleted', () => {
    const log = new PartitionLog()
    write(log, 1n, ['a'])
    append(log, recordBatch([{ value: 'b' }, { value: 'c' }]))
    expect(log.lastStableOffset).toBe(0n)
    log.deleteBefore(2n)
    expect(log.lastStableOffset).toBe(1n)
    log.deleteBefore(3n)
    expect(log.lastStableOffset).toBe(3n)
    abort(log, 1n)
    expect(log.lastStableOffset).toBe(4n)
  })
})
