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

  /**
   * A signed varint of 32 bits: lengths, counts and offsets. Kafka's readers take five bytes at most, even where the rest are zeros,
   * so one that is longer may not come to lie on a log.
   */
  varint(): number {
    return unZigzagged(this.#unsigned(5) % 2 ** 32)
  }

  /** A signed varint of 64 bits: times. Exact to 2^53, which no time that makes sense exceeds. */
  varlong(): number {
    return unZigzagged(this.#unsigned(10))
  }

  #unsigned(maxBytes: number): number {
    let shift = 1
    let raw = 0
    for (let length = 0; length < maxBytes; length++) {
      if (this.position >= this.end) throw new RefusedBatch('INVALID_RECORD', 'a record ends in the middle of a varint')
      const byte = this.bytes[this.position++] as number
      raw += (byte & 0x7f) * shift
      if (byte < 0x80) return raw
      shift *= 128
    }
    throw new RefusedBatch('INVALID_RECORD', `a varint is longer than ${maxBytes} bytes`)
  }

  /** Steps over `length` bytes and says where they began. */
  skip(length: number): number {
    if (length < 0 || length > this.end - this.position)
      throw new RefusedBatch('INVALID_RECORD', `a record claims ${length} bytes, ${this.end - this.position} are left`)
    const start = this.position
    this.position += length
    return start
  }

  /** A length-prefixed byte string; any negative length is null, as to Kafka's own readers. */
  nullableBytes(): Buffer | null {
    const length = this.varint()
    if (length < 0) return null
    const start = this.skip(length)
    return this.bytes.subarray(start, start + length)
  }
}

function unZigzagged(raw: number): number {
  return raw % 2 === 0 ? raw / 2 : -(raw + 1) / 2
}

/** A number as {@link RecordBytes} reads it. */
export function varintBytes(value: number): Buffer {
  let rest = value >= 0 ? value * 2 : -value * 2 - 1
  const bytes: number[] = []
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  bytes.push(rest)
  return Buffer.from(bytes)
}
