import type { OutgoingHeader } from '@tributary/event-bus'
import { sizeOfVarint, writeVarint } from './varint.ts'

const NAMES_KEPT = 4_096
/** Of UTF-8, for each UTF-16 unit. */
const MOST_BYTES_OF_A_UNIT = 3
/** Of a length as a variable-length integer. */
const MOST_BYTES_OF_A_LENGTH = 5
const encodedNames = new Map<string, Buffer>()

/** An upper bound that is cheap to have. */
export function mostBytesOf(content: Buffer | string | null): number {
  if (content === null) return 1
  const bytes = typeof content === 'string' ? content.length * MOST_BYTES_OF_A_UNIT : content.length
  return MOST_BYTES_OF_A_LENGTH + bytes
}

export function mostBytesOfHeader([name, value]: OutgoingHeader): number {
  return mostBytesOf(name) + mostBytesOf(value)
}

/** Returns the position after the header. */
export function writeHeader(target: Buffer, start: number, [name, value]: OutgoingHeader): number {
  return writeContent(target, copy(encodedName(name), target, start), value)
}

/** Length and bytes; -1 for null. Returns the position after them. */
export function writeContent(target: Buffer, start: number, content: Buffer | string | null): number {
  if (content === null) return writeVarint(target, start, -1)
  if (typeof content === 'string') return writeText(target, start, content)
  return copy(content, target, writeVarint(target, start, content.length))
}

/** Nearly always ASCII, which has as many bytes as characters: the length is written before it is known. */
function writeText(target: Buffer, start: number, text: string): number {
  const at = writeVarint(target, start, text.length)
  const length = target.write(text, at)
  if (length === text.length) return at + length
  const moved = writeVarint(target, start, length)
  return moved + target.write(text, moved)
}

/** Returns the position after the copy. Below some forty bytes a loop is faster than the call, and most headers are that short. */
function copy(bytes: Buffer, target: Buffer, start: number): number {
  const { length } = bytes
  if (length > 40) target.set(bytes, start)
  else for (let index = 0; index < length; index++) target[start + index] = bytes[index] as number
  return start + length
}

/** Header names repeat for every record: their length and bytes are encoded once. Bounded, because names may come from users' data. */
function encodedName(name: string): Buffer {
  const known = encodedNames.get(name)
  if (known !== undefined) return known
  const length = Buffer.byteLength(name)
  const encoded = Buffer.allocUnsafe(sizeOfVarint(length) + length)
  encoded.write(name, writeVarint(encoded, 0, length))
  if (encodedNames.size >= NAMES_KEPT) encodedNames.clear()
  encodedNames.set(name, encoded)
  return encoded
}
