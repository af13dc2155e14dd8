import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeOffsetMap, encodeOffsetMap, type OffsetRange } from './offset-map.ts'

const base = fc.bigInt(0n, 2n ** 62n)
const lengths = fc.array(fc.tuple(fc.bigInt(1n, 100_000n), fc.bigInt(1n, 100_000n)), { maxLength: 2_000 })

function rangesFrom(start: bigint, runs: readonly (readonly [bigint, bigint])[]): OffsetRange[] {
  let position = start
  return runs.map(([gap, length]) => {
    const from = position + gap
    position = from + length
    return { from, to: position }
  })
}

describe('the offset map', () => {
  it('says what was put in, up to what fits into 4,096 bytes, and never more', () => {
    fc.assert(
      fc.property(base, lengths, (start, runs) => {
        const ranges = rangesFrom(start, runs)
        const { metadata, fill } = encodeOffsetMap(start, ranges)
        const decoded = decodeOffsetMap(metadata, start)
        expect(Buffer.byteLength(metadata)).toBeLessThanOrEqual(4_096)
        expect(decoded).toEqual(ranges.slice(0, decoded?.length))
        if (fill < 1) expect(decoded).toHaveLength(ranges.length)
      }),
    )
  })

  it('is empty when nothing is settled beyond the offset', () => {
    expect(encodeOffsetMap(5n, [])).toEqual({ metadata: '', fill: 0 })
    expect(decodeOffsetMap('', 5n)).toEqual([])
  })

  it('means nothing for another offset than the one it was written with', () => {
    const { metadata } = encodeOffsetMap(5n, [{ from: 6n, to: 9n }])
    expect(decodeOffsetMap(metadata, 5n)).toEqual([{ from: 6n, to: 9n }])
    expect(decodeOffsetMap(metadata, 4n)).toEqual([])
  })

  it('is short for one record that is stuck before many settled ones', () => {
    expect(encodeOffsetMap(5n, [{ from: 6n, to: 50_006n }]).metadata.length).toBeLessThan(24)
  })

  it('is not taken for what another program wrote, or for what is cut off', () => {
    const { metadata } = encodeOffsetMap(5n, [{ from: 6n, to: 50_006n }])
    for (const other of ['bAAAAgAA', '{"v":1}', 'tributary-b.5.AQE', metadata.slice(0, -2)]) {
      expect(decodeOffsetMap(other, 5n)).toBeNull()
    }
  })

  it('never throws, whatever it is given', () => {
    fc.assert(fc.property(fc.string(), base, (text, start) => void decodeOffsetMap(text, start)))
    fc.assert(
      fc.property(fc.string(), base, (text, start) => void decodeOffsetMap(`tributary-a.${start}.${text}`, start)),
    )
  })
})
