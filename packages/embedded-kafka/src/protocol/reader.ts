import { MalformedRequest } from './malformed-request.ts'

/** No sane request holds more array elements than this; a hostile one could make 100 MiB of bytes into gigabytes of objects. */
const maxElements = 100_000

/**
 * Reads Kafka's primitive types from one frame, in order.
 * Believes nothing: every length is compared with the bytes that are really there before anything is allocated.
 */
export class Reader {
  readonly #bytes: Buffer
  #position = 0
  #elements = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  /** How many elements the arrays have that were read so far. */
  get elementCount(): number {
    return this.#elements
  }

  get remaining(): number {
    return this.#bytes.length - this.#position
  }

  /** Steps over `length` bytes and says where they began. */
  #take(length: number): number {
    if (length < 0 || length > this.remaining)
      throw new MalformedRequest(`a field wants ${length} bytes, ${this.remaining} are left`)
    const start = this.#position
    this.#position += length
    return start
  }

  int8(): number {
    return this.#bytes.readInt8(this.#take(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8))
  }

  unsignedVarint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes.readUInt8(this.#take(1))
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) {
        if (value > 0xffff_ffff) break
        return value
      }
    }
    throw new MalformedRequest('a varint is longer than 32 bits')
  }

  /** Steps over exactly these bytes, if they are next. */
  takeIfNext(...wanted: readonly number[]): boolean {
    const isNext = wanted.every((byte, index) => this.#bytes[this.#position + index] === byte)
    if (isNext) this.#position += wanted.length
    return isNext
  }

  text(length: number): string {
    const start = this.#take(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** A view of the frame, not a copy: it keeps the whole frame alive. */
  bytes(length: number): Buffer {
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  /** Checks an array's claimed length: every element takes at least one byte. */
  elements(count: number): number {
    this.#elements += count
    if (count < 0 || count > this.remaining || this.#elements > maxElements)
      throw new MalformedRequest(`an array claims ${count} elements in ${this.remaining} bytes`)
    return count
  }
}
