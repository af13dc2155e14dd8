import { createRequire } from 'node:module'
import { type OutgoingRecord, type RawHeader, rawRecord } from '@tributary/event-bus'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompressionName } from './codecs/codecs.ts'
import { crc32c } from './crc32c.ts'
import { CorruptBatchError, decodeRecords } from './record-decoder.ts'
import { encodeBatch } from './record-encoder.ts'

const require = createRequire(import.meta.url)
const originalRecord: (record: object) => { buffer: Buffer } = require('kafkajs/src/protocol/recordBatch/record/v0')
const { RecordBatch: originalBatch }: { RecordBatch: (batch: object) => Promise<{ buffer: Buffer }> } =
  require('kafkajs/src/protocol/recordBatch/v0')

const sequence = { producerId: 4_611_686_018_427_387_905n, producerEpoch: 7, firstSequence: 123_456 }
const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array))
const nullable = fc.option(bytes)
const timestamp = fc.integer({ min: 0, max: 4_102_444_800_000 })
const header: fc.Arbitrary<RawHeader> = fc.tuple(fc.string({ unit: 'grapheme', maxLength: 12 }), nullable)
const record: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(header, { maxLength: 6 }),
  timestamp,
})
const batch = fc.array(record, { minLength: 1, maxLength: 40 })

function seen(records: readonly OutgoingRecord[]): object[] {
  return records.map(({ key, value, headers, timestamp }) => ({ key, value, headers, timestamp }))
}

describe('the record format', () => {
  it('is byte for byte what kafkajs writes, for everything kafkajs can express', async () => {
    const expressible = fc.record({
      key: nullable,
      value: nullable,
      headers: fc.uniqueArray(
        fc.tuple(
          fc.string({ unit: 'grapheme', maxLength: 12 }).filter((name) => !/^\d+$/.test(name) && name !== '__proto__'),
          bytes,
        ),
        { maxLength: 5, selector: (entry) => entry[0] },
      ),
      timestamp,
    })
    await fc.assert(
      fc.asyncProperty(fc.array(expressible, { minLength: 1, maxLength: 20 }), async (records) => {
        const firstTimestamp = records[0]?.timestamp ?? 0
        const original = await originalBatch({
          firstTimestamp,
          maxTimestamp: Math.max(...records.map((each) => each.timestamp)),
          lastOffsetDelta: records.length - 1,
          partitionLeaderEpoch: -1,
          ...sequence,
          records: records.map((each, index) =>
            originalRecord({
              ...each,
              headers: Object.fromEntries(each.headers),
              offsetDelta: index,
              timestampDelta: each.timestamp - firstTimestamp,
            }),
          ),
        })
        expect(encodeBatch(records, sequence).equals(original.buffer)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it.each<CompressionName>(['none', 'gzip', 'snappy', 'lz4', 'zstd'])(
    'reads back what it wrote, with %s: null, empty and repeated headers in their order',
    (compression) => {
      fc.assert(
        fc.property(batch, (records) => {
          const decoded = decodeRecords(encodeBatch(records, sequence, compression), 0n, [])
          expect(seen([...decoded.records])).toEqual(seen(records))
          expect(decoded.nextPosition).toBe(BigInt(records.length))
        }),
        { numRuns: compression === 'none' ? 100 : 25 },
      )
    },
  )

  it('has text in key and headers as its bytes in UTF-8', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 200 }), fc.constant('\udfff'))
    const content = fc.option(text)
    const withText = record.chain((bytesOnly) =>
      fc
        .tuple(content, fc.array(fc.tuple(fc.string(), content), { maxLength: 4 }))
        .map(([key, headers]): OutgoingRecord => ({ ...bytesOnly, key, headers })),
    )
    fc.assert(
      fc.property(fc.array(withText, { maxLength: 10 }), (records) => {
        expect(encodeBatch(records, sequence)).toEqual(encodeBatch(records.map(rawRecord), sequence))
      }),
    )
  })

  it('is the same whether records have headers in common as the same objects or as others that say the same', () => {
    const pool = fc.array(header, { minLength: 1, maxLength: 5 })
    // Runs of records that take their first headers from one pool, more of them or fewer, and go on with their own.
    const choices = fc.array(fc.tuple(fc.nat(1), fc.nat(5), fc.array(header, { maxLength: 2 })), { maxLength: 30 })
    fc.assert(
      fc.property(pool, pool, choices, (one, other, chosen) => {
        const records = chosen.map(([which, count, own]) => ({
          ...plain('v'),
          headers: [...(which === 0 ? one : other).slice(0, count), ...own],
        }))
        const copies = records.map((each) => ({
          ...each,
          headers: each.headers.map(([name, value]) => [name, value] as const),
        }))
        expect(encodeBatch(records, sequence)).toEqual(encodeBatch(copies, sequence))
      }),
    )
  })

  it('has room for records that are larger than those before them, in batches that are larger than most', () => {
    const sizes = [0, 30, 60, 100, 8_100, 8_200, 2_000_000, 5, 70_000]
    const records = sizes.map((size) => ({
      ...plain('x'.repeat(size)),
      headers: [['h', Buffer.alloc(size >> 3)] as const],
    }))
    const decoded = decodeRecords(encodeBatch(records, sequence), 0n, [])
    expect(Array.from(decoded.records, ({ value }) => value?.length)).toEqual(sizes)
    expect(seen([...decoded.records])).toEqual(seen(records))
  })

  it('keeps offsets beyond 2^53 exact', () => {
    const encoded = encodeBatch([plain('a'), plain('b')], sequence)
    encoded.writeBigInt64BE(9_007_199_254_740_993n, 0)
    const decoded = decodeRecords(encoded, 9_007_199_254_740_994n, [])
    expect(Array.from(decoded.records, (each) => each.offset)).toEqual([9_007_199_254_740_994n])
    expect(decoded.nextPosition).toBe(9_007_199_254_740_995n)
  })

  it('finds every single flipped bit behind the checksum', () => {
    const encoded = encodeBatch([plain('some value'), plain('another')], sequence)
    for (let bit = 21 * 8; bit < encoded.length * 8; bit++) {
      const flipped = Buffer.from(encoded)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(() => decodeRecords(flipped, 0n, [])).toThrow(CorruptBatchError)
    }
  })

  it('delivers the whole batches before one that was cut off, and before a corrupt one', () => {
    const first = encodeBatch([plain('a')], sequence)
    const second = encodeBatch([plain('b')], sequence)
    second.writeBigInt64BE(1n, 0)
    const cut = decodeRecords(Buffer.concat([first, second.subarray(0, second.length - 1)]), 0n, [])
    expect(cut).toMatchObject({ nextPosition: 1n })
    second[second.length - 1] = (second.at(-1) ?? 0) ^ 1
    const corrupt = decodeRecords(Buffer.concat([first, second]), 0n, [])
    expect(Array.from(corrupt.records, (each) => each.offset)).toEqual([0n])
    expect(corrupt.nextPosition).toBe(1n)
  })

  it('refuses a batch whose records do not follow each other: the one left out would be lost', () => {
    const encoded = encodeBatch([plain('a'), plain('b')], sequence)
    const second = 62 + ((encoded[61] ?? 0) >> 1)
    // Behind its size, attributes and time, a byte each.
    expect(encoded[second + 3]).toBe(2)
    encoded[second + 3] = 0
    encoded.writeUInt32BE(crc32c(encoded, 21), 17)
    expect(() => decodeRecords(encoded, 0n, [])).toThrow(CorruptBatchError)
  })

  it('never reads beyond the bytes it was given, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (array) => {
        try {
          decodeRecords(Buffer.from(array), 0n, [])
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptBatchError)
        }
      }),
    )
  })

  it('passes over aborted transactions and their markers, and moves the position beyond them', () => {
    const abortedBatch = transactional(encodeBatch([plain('aborted')], { ...sequence, producerId: 5n }), 0n, 0x10)
    const committed = transactional(encodeBatch([plain('committed')], { ...sequence, producerId: 6n }), 1n, 0x10)
    const marker = { key: Buffer.from([0, 0, 0, 0]), value: Buffer.alloc(6), headers: [], timestamp: 0 }
    const abort = transactional(encodeBatch([marker], { ...sequence, producerId: 5n }), 2n, 0x30)
    const later = transactional(encodeBatch([plain('later')], { ...sequence, producerId: 5n }), 3n, 0x10)
    const decoded = decodeRecords(Buffer.concat([abortedBatch, committed, abort, later]), 0n, [
      { producerId: 5n, firstOffset: 0n },
    ])
    expect(Array.from(decoded.records, (each) => each.value?.toString())).toEqual(['committed', 'later'])
    expect(decoded.nextPosition).toBe(4n)
  })

  // The log cleaner takes a marker's record out and leaves its empty batch, when it is the last that a producer wrote.
  it.each(['followed by a batch', 'at the end'])('passes over a marker that compaction has emptied, %s', (place) => {
    const emptied = Buffer.from(encodeBatch([], sequence))
    emptied.writeInt32BE(0, 23)
    const marker = transactional(emptied, 0n, 0x30)
    const later = transactional(encodeBatch([plain('later')], sequence), 1n, 0)
    const decoded = decodeRecords(place === 'at the end' ? marker : Buffer.concat([marker, later]), 0n, [])
    expect(decoded.nextPosition).toBe(place === 'at the end' ? 1n : 2n)
  })
})

function plain(value: string): OutgoingRecord {
  return { key: null, value: Buffer.from(value), headers: [], timestamp: 1_700_000_000_000 }
}

function transactional(encoded: Buffer, baseOffset: bigint, attributes: number): Buffer {
  encoded.writeBigInt64BE(baseOffset, 0)
  encoded.writeInt16BE(attributes, 21)
  encoded.writeUInt32BE(crc32c(encoded, 21), 17)
  return encoded
}
