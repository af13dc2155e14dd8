/** Exact decimals between text (`-12.50`) and Avro's big-endian two's complement. */

const DECIMAL = /^(-?)(\d+)(?:\.(\d+))?$/

/** The value times 10^scale; null when the text is not a decimal of this precision and scale. Nothing is ever rounded. */
export function unscaledFromText(text: string, precision: number, scale: number): bigint | null {
  // Longer than any text that can fit, give or take zeros: not worth a conversion.
  if (text.length > 2 * precision + 8) return null
  const match = DECIMAL.exec(text)
  if (match === null) return null
  const [, sign, whole = '', given = ''] = match
  const fraction = given.replace(/0+$/, '')
  if (fraction.length > scale) return null
  const unscaled = BigInt(whole + fraction.padEnd(scale, '0'))
  if (unscaled >= 10n ** BigInt(precision)) return null
  return sign === '-' ? -unscaled : unscaled
}

/** Text with exactly `scale` digits after the point. */
export function textFromUnscaled(unscaled: bigint, scale: number): string {
  const digits = (unscaled < 0n ? -unscaled : unscaled).toString().padStart(scale + 1, '0')
  const sign = unscaled < 0n ? '-' : ''
  if (scale === 0) return sign + digits
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}

/** As few bytes as hold the value and its sign. */
export function minimalBytes(unscaled: bigint): Buffer {
  let size = 1
  while (BigInt.asIntN(8 * size, unscaled) !== unscaled) size++
  return sizedBytes(unscaled, size)
}

export function sizedBytes(unscaled: bigint, size: number): Buffer {
  const hex = BigInt.asUintN(8 * size, unscaled).toString(16)
  return Buffer.from(hex.padStart(2 * size, '0'), 'hex')
}

export function unscaledFromBytes(bytes: Buffer): bigint {
  if (bytes.length === 0) return 0n
  return BigInt.asIntN(8 * bytes.length, BigInt(`0x${bytes.toString('hex')}`))
}

/** How many bytes any number of so many digits needs. */
export function bytesForPrecision(precision: number): number {
  return Math.ceil((precision * Math.log2(10) + 1) / 8)
}
