/** Snappy, reading only, bare or in the blocks of the Java library that Kafka's clients use. */
import { RefusedBatch } from './refused-batch.ts'

const xerialMagic = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0])
const xerialHeaderBytes = 16

export function decompressSnappy(bytes: Buffer, maxOutputLength: number): Buffer {
  if (!bytes.subarray(0, 8).equals(xerialMagic)) return decompressBlock(bytes, maxOutputLength)
  const blocks: Buffer[] = []
  let total = 0
  for (let position = xerialHeaderBytes; position + 4 <= bytes.length; ) {
    const size = bytes.readInt32BE(position)
    position += 4
    if (size < 0 || position + size > bytes.length) throw broken('a block is cut off')
    const block = decompressBlock(bytes.subarray(position, position + size), maxOutputLength - total)
    blocks.push(block)
    total += block.length
    position += size
  }
  return Buffer.concat(blocks)
}

function decompressBlock(block: Buffer, maxOutputLength: number): Buffer {
  let position = 0
  const byte = (): number => {
    const value = block[position++]
    if (value === undefined) throw broken('it ends too early')
    return value
  }
  const littleEndian = (bytes: number): number => {
    let value = 0
    for (let index = 0; index < bytes; index++) value += byte() * 256 ** index
    return value
  }

  let size = 0
  for (let shift = 1; ; shift *= 128) {
    const next = byte()
    size += (next & 0x7f) * shift
    if (next < 0x80) break
    if (shift > 2 ** 28) throw broken('its length is not a number')
  }
  // Snappy never packs better than about 21 to 1: a longer claim is a lie, and must not be allocated.
  if (size > maxOutputLength || size > block.length * 32) throw broken(`it claims to unpack to ${size} bytes`)

  const output = Buffer.allocUnsafe(size)
  let length = 0
  while (position < block.length) {
    const tag = byte()
    if ((tag & 3) === 0) {
      const short = tag >>> 2
      const literals = (short < 60 ? short : littleEndian(short - 59)) + 1
      if (literals > size - length || position + literals > block.length) throw broken('literals are cut off')
      length += block.copy(output, length, position, position + literals)
      position += literals
      continue
    }
    const kind = tag & 3
    const matched = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1
    const distance = kind === 1 ? ((tag >>> 5) << 8) + byte() : littleEndian(kind === 2 ? 2 : 4)
    if (distance === 0 || distance > length) throw broken('it refers to bytes before its beginning')
    if (matched > size - length) throw broken('it unpacks to more than it claims')
    for (let left = matched; left > 0; left--, length++) output[length] = output[length - distance] as number
  }
  if (length !== size) throw broken('it unpacks to less than it claims')
  return output
}

function broken(what: string): RefusedBatch {
  return new RefusedBatch('CORRUPT_MESSAGE', `the snappy block cannot be read: ${what}`)
}
