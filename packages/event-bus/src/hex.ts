const DIGITS = Buffer.from('0123456789abcdef', 'latin1')

/** Writes a byte as two hexadecimal digits. For texts that are put together as bytes and become a string in one go. */
export function writeHex(text: Buffer, position: number, byte: number): void {
  text[position] = DIGITS[byte >>> 4] as number
  text[position + 1] = DIGITS[byte & 0xf] as number
}
