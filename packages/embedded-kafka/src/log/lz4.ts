/** LZ4 frames, reading only: what Kafka clients put into a batch. Checksums inside the frame are not verified; the batch has its own. */
import { RefusedBatch } from './refused-batch.ts'

const magic = 0x184d2204

export function decompressLz4Frame(frame: Buffer, maxOutputLength: number): Buffer {
  if (frame.length < 7 || frame.readUInt32LE(0) !== magic) throw broken('it does not begin with a frame header')
  const flags = frame.readUInt8(4)
  const hasBlockChecksum = (flags & 0x10) !== 0
  const hasContentSize = (flags & 0x08) !== 0
  let position = 6 + (hasContentSize ? 8 : 0) + 1
  const output = new Output(frame.length * 4, maxOutputLength)
  while (position + 4 <= frame.length) {
    const size = frame.readUInt32LE(position)
    position += 4
    if (size === 0) return output.bytes()
    const isStored = size >= 0x8000_0000
    const end = position + (size & 0x7fff_ffff)
    if (end > frame.length) throw broken('a block is cut off')
    if (isStored) output.append(frame, position, end)
    else appendBlock(output, frame.subarray(position, end))
    position = end + (hasBlockChecksum ? 4 : 0)
  }
  throw broken('its end mark is missing')
}

/** Decodes one block after what is already there: blocks may refer back to earlier ones. */
function appendBlock(output: Output, block: Buffer): void {
  let position = 0
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
    output.append(block, position, position + literals)
    position += literals
    if (position >= block.length) break

    const distance = byte() | (byte() << 8)
    output.repeat(distance, longLength(token & 0x0f) + 4)
  }
}

/**
 * What is unpacked so far. All blocks of a frame share it, and it grows by doubling: were each block to copy what came before it, a
 * hundred thousand empty blocks behind one that unpacks to 100 MB would keep the processor busy for an hour.
 */
class Output {
  #buffer: Buffer
  #length = 0
  readonly #maxLength: number

  constructor(expectedLength: number, maxLength: number) {
    this.#buffer = Buffer.allocUnsafe(Math.min(expectedLength, maxLength))
    this.#maxLength = maxLength
  }

  append(source: Buffer, start: number, end: number): void {
    this.#reserve(end - start)
    this.#length += source.copy(this.#buffer, this.#length, start, end)
  }

  /** Once more what was written `distance` bytes ago. */
  repeat(distance: number, count: number): void {
    if (distance === 0 || distance > this.#length) throw broken('it refers to bytes before its beginning')
    this.#reserve(count)
    const end = this.#length + count
    const start = this.#length - distance
    // It may overlap what it writes: the bytes since `start` repeat themselves, so each copy doubles what the next can take.
    for (let at = this.#length; at < end; ) {
      const copied = Math.min(at - start, end - at)
      this.#buffer.copyWithin(at, start, start + copied)
      at += copied
    }
    this.#length = end
  }

  bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length)
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed > this.#maxLength) throw broken('it unpacks to more than is allowed')
    if (needed <= this.#buffer.length) return
    const larger = Buffer.allocUnsafe(Math.min(Math.max(this.#buffer.length * 2, needed), this.#maxLength))
    this.#buffer.copy(larger, 0, 0, this.#length)
    this.#buffer = larger
  }
}

function broken(what: string): RefusedBatch {
  return new RefusedBatch('CORRUPT_MESSAGE', `the lz4 frame cannot be read: ${what}`)
}
