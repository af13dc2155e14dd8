/**
 * Exact amounts in units of a ten-thousandth, as bigint: prices of a tenth of a penny exist, and 0.1 + 0.2 must be 0.3. Text has four places, as in the
 * events. There is nothing to round: a price times a whole quantity has the price's places.
 */
const PLACES = 4

/** Nothing dearer is sold: so the total of the largest order still fits its column and its event. */
const LONGEST_WHOLE_PART = 9

/** Units of a decimal string like `2.55`; null when it is none, or has more than four places. */
export function unitsFromText(text: string): bigint | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,4}))?$/.exec(text)
  if (match === null) return null
  const [, sign, whole = '', fraction = ''] = match
  if (whole.length > LONGEST_WHOLE_PART) return null
  const units = BigInt(whole + fraction.padEnd(PLACES, '0'))
  return sign === '-' ? -units : units
}

export function textFromUnits(units: bigint): string {
  const digits = (units < 0n ? -units : units).toString().padStart(PLACES + 1, '0')
  return `${units < 0n ? '-' : ''}${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`
}
