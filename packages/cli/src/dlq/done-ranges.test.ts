import type { OffsetRange } from '@tributary/event-bus'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { metadataFrom, rangesFrom } from './done-ranges.ts'

describe('the ranges that were redriven', () => {
  it('come back from the metadata as they were, however large the offsets', () => {
    const length = fc.bigInt({ min: 1n, max: 2n ** 50n })
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 60n }), fc.array(fc.tuple(length, length)), (base, lengths) => {
        let position = base
        const ranges = lengths.map(([gap, done]): OffsetRange => {
          const from = position + gap
          position = from + done
          return { from, to: position }
        })
        expect(rangesFrom(metadataFrom(base, 'run1', ranges) ?? '', base)).toEqual(ranges)
      }),
    )
  })

  it.each([
    ['nothing', ''],
    ['a word of another program', 'checkpoint'],
    ['an offset map', 'tributary-a.10.AQE'],
    ['those of another offset', 'tributary-redriven.9.run1.1+1'],
    ['those with an end that is cut off', 'tributary-redriven.10.run1.1+1,2'],
    ['those with more behind them', 'tributary-redriven.10.run1.1+1.x'],
  ])('are none when the metadata is %s', (_what, metadata) => {
    expect(rangesFrom(metadata, 10n)).toEqual([])
  })
})
