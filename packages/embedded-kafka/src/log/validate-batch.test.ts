import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BatchOptions, recordBatch } from '../../test/support/record-batch.ts'
import { onlyBatch } from './only-batch.ts'
import { RefusedBatch } from './refused-batch.ts'
import { type BatchRules, validateBatch } from './validate-batch.ts'

const nowMs = 1_700_000_000_000
const rules: BatchRules = {
  maxMessageBytes: 1_048_588,
  timestampType: 'CreateTime',
  maxTimestampBehindMs: Number.MAX_SAFE_INTEGER,
  maxTimestampAheadMs: 3_600_000,
  requiresKeys: false,
}
const records = [
  { key: 'a', value: 'one', headers: [['h', null] as const] },
  { key: null, value: null },
]

function refusal(batch: Buffer, over: Partial<BatchRules> = {}): string {
  try {
    validateBatch(onlyBatch(batch), { ...rules, ...over }, nowMs)
    return 'accepted'
  } catch (error) {
    if (error instanceof RefusedBatch) return error.error
    throw error
  }
}

describe('a batch', () => {
  it('is accepted with null keys, values and header values', () => {
    expect(validateBatch(recordBatch(records), rules, nowMs).header.recordCount).toBe(2)
  })

  it('tells the latest timestamp of its records, not what its header claims', () => {
    const batch = recordBatch([{ timestamp: 1_700_000_000_900 }, { timestamp: 1_700_000_000_100 }])
    expect(validateBatch(batch, rules, nowMs).maxTimestamp).toBe(1_700_000_000_900n)
  })

  const lies: [string, BatchOptions, string][] = [
    ['with a wrong checksum', { crc: 1 }, 'CORRUPT_MESSAGE'],
    ['that claims more records than it has', { recordCount: 3, lastOffsetDelta: 2 }, 'INVALID_RECORD'],
    ['that claims fewer records than it has', { recordCount: 1, lastOffsetDelta: 0 }, 'INVALID_RECORD'],
    ['whose count and offsets disagree', { recordCount: 5 }, 'INVALID_RECORD'],
    ['that claims 2^31 - 1 records', { recordCount: 2 ** 31 - 1, lastOffsetDelta: 2 ** 31 - 2 }, 'INVALID_RECORD'],
    ['with a negative count', { recordCount: -1 }, 'INVALID_RECORD'],
    ['of an older format', { magic: 1 }, 'INVALID_RECORD'],
    ['with an offset of its own', { baseOffset: 5n }, 'INVALID_RECORD'],
    ['that pretends to be a control batch', { attributes: 0x20 }, 'INVALID_RECORD'],
    ['of a producer without a sequence', { producerId: 1n, producerEpoch: 0, baseSequence: -1 }, 'INVALID_RECORD'],
    ['that is longer than what was sent', { batchLength: 10_000 }, 'INVALID_RECORD'],
    ['that claims to be shorter than its header', { batchLength: 10 }, 'CORRUPT_MESSAGE'],
    ['with a negative length', { batchLength: -1 }, 'CORRUPT_MESSAGE'],
    ['of a format that does not exist', { magic: 3 }, 'CORRUPT_MESSAGE'],
    ['compressed with a codec that does not exist', { attributes: 6 }, 'UNKNOWN_SERVER_ERROR'],
    ['that is not what its codec says', { attributes: 1 }, 'UNKNOWN_SERVER_ERROR'],
  ]
  it.each(lies)('%s is refused', (_name, lie, error) => {
    expect(refusal(recordBatch(records, lie))).toBe(error)
  })

  it('without records is refused', () => {
    expect(refusal(recordBatch([]))).toBe('INVALID_RECORD')
    expect(refusal(Buffer.alloc(0))).toBe('INVALID_RECORD')
  })

  it('larger than the topic allows is refused', () => {
    const batch = recordBatch(records)
    expect(refusal(batch, { maxMessageBytes: batch.length })).toBe('accepted')
    expect(refusal(batch, { maxMessageBytes: batch.length - 1 })).toBe('MESSAGE_TOO_LARGE')
  })

  it('followed by a second one is refused', () => {
    expect(refusal(Buffer.concat([recordBatch(records), recordBatch(records)]))).toBe('INVALID_RECORD')
  })

  it('followed by a piece of another is accepted without it', () => {
    expect(onlyBatch(Buffer.concat([recordBatch(records), recordBatch(records).subarray(0, 40)]))).toEqual(
      recordBatch(records),
    )
  })

  it('that lies about its count is refused when it is compressed too', () => {
    const lie = { attributes: 1, compress: gzipSync, recordCount: 3, lastOffsetDelta: 2 }
    expect(refusal(recordBatch(records, lie))).toBe('INVALID_RECORD')
  })

  it('with times out of range is refused, and the records are named', () => {
    const batch = recordBatch([{ timestamp: nowMs }, { timestamp: nowMs + 3_600_001 }, { timestamp: nowMs - 2_000 }])
    const strict = { ...rules, maxTimestampBehindMs: 1_000 }
    expect(() => validateBatch(batch, strict, nowMs)).toThrow(
      expect.objectContaining({ error: 'INVALID_TIMESTAMP', records: [1, 2] }),
    )
    expect(refusal(batch, { timestampType: 'LogAppendTime' })).toBe('accepted')
  })
})

it('refuses or accepts whatever bytes are sent, and does nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      refusal(Buffer.from(bytes))
    }),
  )
})

it('notices every single changed byte that its checksum covers', () => {
  const batch = recordBatch(records)
  fc.assert(
    fc.property(fc.integer({ min: 16, max: batch.length - 1 }), fc.integer({ min: 1, max: 255 }), (index, flip) => {
      const changed = Buffer.from(batch)
      changed[index] = (changed[index] ?? 0) ^ flip
      expect(refusal(changed)).not.toBe('accepted')
    }),
  )
})

it('accepts no lie about lengths that has a right checksum', () => {
  // Every byte of the records section is changed and the checksum made right again: what is still accepted must decode
  // to the same number of records and end where the batch ends, which validation itself asserts by walking it.
  const body = recordBatch(records).subarray(61)
  fc.assert(
    fc.property(fc.nat(body.length - 1), fc.integer({ min: 1, max: 255 }), (index, flip) => {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ flip
      expect(['accepted', 'INVALID_RECORD']).toContain(refusal(recordBatch(records, { compress: () => changed })))
    }),
  )
})
