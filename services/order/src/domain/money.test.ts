import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { textFromUnits, unitsFromText } from './money.ts'

describe('money', () => {
  it.each([
    ['14', '14.0000'],
    ['2.55', '2.5500'],
    ['0.001', '0.0010'],
    ['-11062.06', '-11062.0600'],
    ['007', '7.0000'],
  ])('reads %s exactly', (text, written) => {
    const units = unitsFromText(text)
    expect(units === null ? null : textFromUnits(units)).toBe(written)
  })

  it.each(['', '1,50', '1.', '.5', '1e3', '0.00001', ' 1', '１', '1'.repeat(10), 'NaN'])('does not read %j', (text) => {
    expect(unitsFromText(text)).toBeNull()
  })

  it('gives back what it wrote', () => {
    const units = fc.bigInt({ min: -(10n ** 13n) + 1n, max: 10n ** 13n - 1n })
    fc.assert(
      fc.property(units, (amount) => {
        expect(unitsFromText(textFromUnits(amount))).toBe(amount)
      }),
    )
  })
})
