import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { delayFromLabel, delayLabel } from './delay-label.ts'

describe('the label of a delay', () => {
  it.each([
    [1, '1ms'],
    [1_500, '1500ms'],
    [10_000, '10s'],
    [90_000, '90s'],
    [300_000, '5m'],
    [3_600_000, '1h'],
    [172_800_000, '2d'],
  ])('of %i ms is %s', (delayMs, label) => {
    expect(delayLabel(delayMs)).toBe(label)
  })

  it('says the delay, and is the only one that does', () => {
    const delay = fc.oneof(fc.integer({ min: 1, max: 1_000_000 }), fc.maxSafeInteger().map(Math.abs))
    fc.assert(
      fc.property(
        delay.filter((delayMs) => delayMs >= 1),
        (delayMs) => {
          expect(delayFromLabel(delayLabel(delayMs))).toBe(delayMs)
        },
      ),
    )
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[0-9]{1,5}(ms|s|m|h|d)$/))
    fc.assert(
      fc.property(text, (label) => {
        const delayMs = delayFromLabel(label)
        if (delayMs !== null) expect(delayLabel(delayMs)).toBe(label)
      }),
    )
  })

  it.each(['60s', '24h', '010s', '0s', '10S', '10 s', '', 's', '99999999999d', '1.5s'])('is not %j', (text) => {
    expect(delayFromLabel(text)).toBeNull()
  })
})
