/**
 * Bytes to text without the call into Node, which costs 75 ns and more however short the text is; this takes 20 to 35. Keys, codes and numbers are short nearly
 * always, and an event has several.
 */

/** In bytes. */
export const SHORT_TEXT = 12
// For the types a byte may be missing; whoever asks has seen that it is not.
const fromCharCode = String.fromCharCode as (...codes: (number | undefined)[]) => string

/** Each byte as one character: distinct bytes are distinct texts, also when they are not UTF-8. */
export function latin1Text(bytes: Buffer, start: number, end: number): string {
  return end - start <= SHORT_TEXT ? shortText(bytes, start, end) : bytes.toString('latin1', start, end)
}

/** Bytes that are not UTF-8 come out as replacement characters. */
export function utf8Text(bytes: Buffer, start: number, end: number): string {
  return end - start <= SHORT_TEXT && isAscii(bytes, start, end)
    ? shortText(bytes, start, end)
    : bytes.toString('utf8', start, end)
}

function isAscii(bytes: Buffer, start: number, end: number): boolean {
  let bits = 0
  for (let at = start; at < end; at += 1) bits |= bytes[at] as number
  return bits < 0x80
}

// A call for each length: a list of arguments, or adding character to character, costs as much as the call into Node.
function shortText(b: Buffer, at: number, end: number): string {
  switch (end - at) {
    case 0:
      return ''
    case 1:
      return fromCharCode(b[at])
    case 2:
      return fromCharCode(b[at], b[at + 1])
    case 3:
      return fromCharCode(b[at], b[at + 1], b[at + 2])
    case 4:
      return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3])
    case 5:
      return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4])
    case 6:
      return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5])
    case 7:
      return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6])
    case 8:
      return fromCharCode(b[at], b[at + 1], b[at + 2], b[at + 3], b[at + 4], b[at + 5], b[at + 6], b[at + 7])
    default:
      return shortText(b, at, at + 8) + shortText(b, at + 8, end)
  }
}
