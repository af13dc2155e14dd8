import { RefusedBatch } from './refused-batch.ts'

/** Walks the records section of a batch: zig-zag varints and the bytes between them, never beyond the end. */
export class RecordBytes {
  readonly bytes: Buffer
  position: number
  readonly end: number

  constructor(bytes: Buffer, start = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.position = start
    this.end = end
  }

  /** A signed varint of up to 64 bits; exact to 2^53, which no length, delta or count that makes sense exceeds. */
  varint(): number {
    let shift = 1
    let raw = 0
    for (let length = 0; length < 10; length++) {
      if (this.position >= this.end) throw new RefusedBatch('INVALID_RECORD', 'a record ends in the middle of a varint')
      const byte = this.bytes[this.position++] as number
      raw += (byte & 0x7f) * shift
      if (byte < 0x80) return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
      shift *= 128
    }
    throw new RefusedBatch('INVALID_RECORD', 'a varint is longer than 64 bits')
  }

  /** Steps over `length` bytes and says where they began. */
  skip(length: number): number {
    if (length < 0 || length > this.end - this.position)
      throw new RefusedBatch('INVALID_RECORD', `a record claims ${length} bytes, ${this.end - this.position} are left`)
    const start = this.position
    this.position += length
    return start
  }

  /** A length-prefixed byte string; -1 is null. */
  nullableBytes(): Buffer | null {
    const length = this.varint()
    if (length === -1) return null
    const start = this.skip(length)
    return this.bytes.subarray(start, start + length)
  }
}

/** A number as {@link RecordBytes.varint} reads it. */
export function varintBytes(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  const bytes: number[] = []
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}
