import { describe, expect, it } from 'vitest'
import { encodeOffsetMap } from './offset-map.ts'
import { describeOffsetMetadata } from './offset-metadata.ts'

describe("what a commit's metadata says", () => {
  const { metadata } = encodeOffsetMap(10n, {
    boundary: 30n,
    unsettled: [
      { kind: 'run', from: 10n, to: 12n },
      { kind: 'lane', from: 15n, keyHash: 0xc0ffee },
      { kind: 'run', from: 20n, to: 21n },
    ],
  })

  it('names what is settled beyond the committed offset, what is not, which keys wait, and where that ends', () => {
    expect(describeOffsetMetadata(metadata, 10n)).toEqual({
      kind: 'offset-map',
      format: 'tributary-b',
      boundary: 30n,
      unsettled: [
        { from: 10n, to: 12n },
        { from: 20n, to: 21n },
      ],
      waitingKeys: [{ from: 15n, keyHash: 0xc0ffee }],
      settled: [
        { from: 12n, to: 15n },
        { from: 16n, to: 20n },
        { from: 21n, to: 30n },
      ],
    })
  })

  it('reads the format before the present one', () => {
    const runs = Buffer.from([2, 3, 5, 1]).toString('base64url')
    expect(describeOffsetMetadata(`tributary-a.10.${runs}`, 10n)).toMatchObject({
      format: 'tributary-a',
      boundary: 21n,
      settled: [
        { from: 12n, to: 15n },
        { from: 20n, to: 21n },
      ],
      waitingKeys: [],
    })
  })

  it.each([
    ['nothing', '', { kind: 'none' }],
    ['that of another program', 'node-1@2026-01-01', { kind: 'foreign' }],
    ['a map of a later format', 'tributary-z.10.AQE', { kind: 'foreign' }],
    ['a map that is cut off', 'tributary-b.10.gA', { kind: 'foreign' }],
    ['a map of another offset', metadata.replace('.10.', '.9.'), { kind: 'void', writtenFor: 9n }],
  ])('tells %s apart', (_what, text, expected) => {
    expect(describeOffsetMetadata(text, 10n)).toEqual(expected)
  })
})
