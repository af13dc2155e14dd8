import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type BatchOptions, recordBatch } from '../../test/support/record-batch.ts'
import { openBatch } from './compacted-batch.ts'
import { onlyBatch } from './only-batch.ts'
import { recordsOf } from './records.ts'
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

it('accepts no lie about lengths that has a right checksum, and nothing that its own readers cannot read', () => {
  // A key whose length becomes another negative one is null, to Kafka's readers and so to these.
  const batch = recordBatch([...records, { key: null, value: 'two', headers: [['k', 'v'] as const] }])
  const body = batch.subarray(61)
  let accepted = 0
  for (let index = 0; index < body.length; index++)
    for (let flip = 1; flip < 256; flip++) {
      const changed = Buffer.from(body)
      changed[index] = (changed[index] ?? 0) ^ flip
      const spoiled = recordBatch(records, { recordCount: 3, lastOffsetDelta: 2, compress: () => changed })
      const verdict = refusal(spoiled)
      expect(['accepted', 'INVALID_RECORD', 'INVALID_TIMESTAMP']).toContain(verdict)
      if (verdict !== 'accepted') continue
      accepted += 1
      expect(recordsOf(spoiled)).toHaveLength(3)
      expect(openBatch(spoiled).records).toHaveLength(3)
    }
  expect(accepted).toBeGreaterThan(body.length)
})

describe('a record', () => {
  /** Attributes, time and offset of 0, then the given bytes, in a batch of one. */
  const holding = (hex: string, time = '00'): Buffer => {
    const fields = Buffer.from(`00${time}00${hex}`.replaceAll(' ', ''), 'hex')
    return recordBatch([{}], { compress: () => Buffer.concat([Buffer.of(fields.length * 2), fields]) })
  }
  const noKeyOrValue = '01 01 00'

  it.each([
    ['nothing in it', noKeyOrValue, 'accepted'],
    ['a key of length -3', '05 01 00', 'accepted'],
    ['a value of length -3', '01 05 00', 'accepted'],
    ['a length of five bytes that needs one', '81 80 80 80 00 01 00', 'accepted'],
    // Kafka's readers, and those of most clients, stop at five: such a record would be poison to all consumers.
    ['a length of six bytes that needs one', '81 80 80 80 80 00 01 00', 'INVALID_RECORD'],
    ['a length of ten bytes', '81 80 80 80 80 80 80 80 80 00 01 00', 'INVALID_RECORD'],
    ['a key of 2^31 - 1 bytes', 'fe ff ff ff 0f 01 00', 'INVALID_RECORD'],
    ['2^31 - 1 headers', '01 01 fe ff ff ff 0f', 'INVALID_RECORD'],
    ['-1 headers', '01 01 01', 'INVALID_RECORD'],
    ['a header whose name has length -1', '01 01 02 01 01', 'INVALID_RECORD'],
    ['a header whose value is longer than the record', '01 01 02 02 61 7e', 'INVALID_RECORD'],
  ])('with %s', (_what, hex, verdict) => {
    const batch = holding(hex)
    expect(refusal(batch)).toBe(verdict)
    if (verdict === 'accepted') expect(recordsOf(batch)).toMatchObject([{ key: null, value: null }])
  })

  it.each(['fe ff ff ff ff ff ff ff ff 01', 'ff ff ff ff ff ff ff ff ff 7f'])(
    'whose time is no time, %s, is refused, or has one of 64 bits where the broker sets it',
    (time) => {
      const batch = holding(noKeyOrValue, time)
      expect(refusal(batch)).toBe('INVALID_TIMESTAMP')
      const { maxTimestamp } = validateBatch(
        batch,
        { ...rules, maxTimestampAheadMs: Infinity, maxTimestampBehindMs: Infinity },
        nowMs,
      )
      expect(maxTimestamp).toBe(BigInt.asIntN(64, maxTimestamp))
    },
  )
})
