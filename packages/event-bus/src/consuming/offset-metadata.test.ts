import { describe, expect, it } from 'vitest'
import { encodeOffsetMap } from './offset-map.ts'
import { describeOffsetMetadata } from './offset-metadata.ts'

describe("what a commit's metadata says", () => {
  const { metadata } = encodeOffsetMap(10n, [
    { from: 12n, to: 15n },
    { from: 20n, to: 21n },
  ])

  it('names what is settled beyond the committed offset, what is not, and where that ends', () => {
    expect(describeOffsetMetadata(metadata, 10n)).toEqual({
      kind: 'offset-map',
      format: 'tributary-a',
      settled: [
        { from: 12n, to: 15n },
        { from: 20n, to: 21n },
      ],
      unsettled: [
        { from: 10n, to: 12n },
        { from: 15n, to: 20n },
      ],
      boundary: 21n,
    })
  })

  it.each([
    ['nothing', '', { kind: 'none' }],
    ['that of another program', 'node-1@2026-01-01', { kind: 'foreign' }],
    ['a map of a later format', 'tributary-z.10.AQE', { kind: 'foreign' }],
    ['a map that is cut off', 'tributary-a.10.gA', { kind: 'foreign' }],
    ['a map of another offset', metadata.replace('.10.', '.9.'), { kind: 'void', writtenFor: 9n }],
  ])('tells %s apart', (_what, text, expected) => {
    expect(describeOffsetMetadata(text, 10n)).toEqual(expected)
  })
})
