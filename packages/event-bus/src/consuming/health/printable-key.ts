const MAX_LENGTH = 64

/** A key for logs and reports: its text, or its bytes in hexadecimal where they are no text; shortened. */
export function printableKey(key: Buffer): string {
  const text = key.toString()
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not get into a log
  const isText = !/[\u0000-\u001f\u007f\ufffd]/.test(text)
  const printed = isText ? text : `0x${key.toString('hex')}`
  return printed.length > MAX_LENGTH ? `${printed.slice(0, MAX_LENGTH)}…` : printed
}
