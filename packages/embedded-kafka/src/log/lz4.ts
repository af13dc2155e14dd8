/** LZ4 frames, reading only: what Kafka clients put into a batch. Checksums inside the frame are not verified; the batch has its own. */
import { RefusedBatch } from './refused-batch.ts'

const magic = 0x184d2204

export function decompressLz4Frame(frame: Buffer, maxOutputLength: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw broken('it does not begin with a frame header')
  const flags = frame.readUInt8(4)
  const hasBlockChecksum = (flags & 0x10) !== 0
  const hasContentSize = (flags & 0x08) !== 0
  let position = 6 + (hasContentSize ? 8 : 0) + 1
  let output: Buffer = Buffer.alloc(0)
  while (position + 4 <= frame.length) {
    const size = frame.readUInt32LE(position)
    position += 4
    if (size === 0) return output
    const isStored = size >= 0x8000_0000
    const end = position + (size & 0x7fff_ffff)
    if (end > frame.length) throw broken('a block is cut off')
    const block = frame.subarray(position, end)
    output = isStored ? Buffer.concat([output, block]) : appendBlock(output, block, maxOutputLength)
    position = end + (hasBlockChecksum ? 4 : 0)
  }
  throw broken('its end mark is missing')
}

/** Decodes one block after what is already there: blocks may refer back to earlier ones. */
function appendBlock(earlier: Buffer, block: Buffer, maxOutputLength: number): Buffer {
  let output = Buffer.allocUnsafe(earlier.length + block.length * 4)
  let length = earlier.copy(output)
  let position = 0

  const need = (more: number): void => {
    if (length + more > maxOutputLength) throw broken('it unpacks to more than is allowed')
    if (length + more <= output.length) return
    const larger = Buffer.allocUnsafe(Math.max(output.length * 2, length + more))
    output.copy(larger, 0, 0, length)
    output = larger
  }
  const byte = (): number => {
    const value = block[position++]
    if (value === undefined) throw broken('a block ends too early')
    return value
  }
  const longLength = (nibble: number): number => {
    let total = nibble
    if (nibble === 15) for (let next = 255; next === 255; total += next) next = byte()
    return total
  }

  while (position < block.length) {
    const token = byte()
    const literals = longLength(token >>> 4)
    if (position + literals > block.length) throw broken('literals are cut off')
    need(literals)
    length += block.copy(output, length, position, position + literals)
    position += literals
    if (position >= block.length) break

    const distance = byte() | (byte() << 8)
    const matched = longLength(token & 0x0f) + 4
    if (distance === 0 || distance > length) throw broken('it refers to bytes before its beginning')
    need(matched)
    // Byte by byte: a match may overlap what it is writing.
    for (let left = matched; left > 0; left--, length++) output[length] = output[length - distance] as number
  }
  return output.subarray(0, length)
}

function broken(what: string): RefusedBatch {
  return new RefusedBatch('CORRUPT_MESSAGE', `the lz4 frame cannot be read: ${what}`)
}
