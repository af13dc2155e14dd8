import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { murmur2, partitionOfKey } from './partitioner.ts'

describe('murmur2', () => {
  // The vectors of Kafka's own UtilsTest.
  it.each([
    ['21', -973_932_308],
    ['foobar', -790_332_482],
    ['a-little-bit-long-string', -985_981_536],
    ['a-little-bit-longer-string', -1_486_304_829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58_897_971],
    ['abc', 479_470_107],
  ])('hashes %j as Java does', (text, expected) => {
    expect(murmur2(Buffer.from(text))).toBe(expected)
  })

  // What org.apache.kafka.common.utils.Utils.murmur2 of Kafka 4.3.1 answers.
  it.each([
    ['', 275_646_681],
    ['ff', -311_467_685],
    ['8090', -519_573_938],
    ['e282ac', -1_352_192_002],
    ['fffefdfcfb', 524_068_735],
  ])('takes the bytes %s as signed, as Java does', (hex, expected) => {
    expect(murmur2(Buffer.from(hex, 'hex'))).toBe(expected)
  })
})

describe('partitionOfKey', () => {
  it('is the same for text and for its bytes in UTF-8, of whatever characters and length', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary', maxLength: 400 }), fc.constant('\ud800'))
    fc.assert(
      fc.property(text, (key) => {
        expect(partitionOfKey(key, 997)).toBe(partitionOfKey(Buffer.from(key), 997))
      }),
    )
  })

  it('is always a partition of the topic', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.integer({ min: 1, max: 1_000 }), (key, partitions) => {
        const partition = partitionOfKey(key, partitions)
        return Number.isInteger(partition) && partition >= 0 && partition < partitions
      }),
    )
  })
})
