/** Kafka's primitive types, for the two requests that carry records, for the group metadata and for the header of every request. */

/** Grows as a list of parts, so that record batches are taken in without being copied twice. */
export class ByteWriter {
  readonly #parts: Buffer[] = []
  #buffer = Buffer.allocUnsafe(512)
  #at = 0

  int8(value: number): void {
    this.#at = this.#room(1).writeInt8(value, this.#at)
  }

  int16(value: number): void {
    this.#at = this.#room(2).writeInt16BE(value, this.#at)
  }

  int32(value: number): void {
    this.#at = this.#room(4).writeInt32BE(value, this.#at)
  }

  int64(value: bigint): void {
    this.#at = this.#room(8).writeBigInt64BE(value, this.#at)
  }

  string(value: string): void {
    const length = Buffer.byteLength(value)
    this.int16(length)
    this.#room(length).write(value, this.#at)
    this.#at += length
  }

  nullString(): void {
    this.int16(-1)
  }

  bytes(value: Buffer): void {
    this.int32(value.length)
    this.#flush()
    this.#parts.push(value)
  }

  finish(): Buffer {
    const parts = this.parts()
    return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
  }

  /** What was written, in order; what `bytes` was given is among them as it was given. */
  parts(): readonly Buffer[] {
    this.#flush()
    return this.#parts
  }

  #room(length: number): Buffer {
    if (this.#at + length > this.#buffer.length) {
      this.#flush()
      if (length > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(length)
    }
    return this.#buffer
  }

  #flush(): void {
    if (this.#at === 0) return
    this.#parts.push(this.#buffer.subarray(0, this.#at))
    this.#buffer = Buffer.allocUnsafe(512)
    this.#at = 0
  }
}

export class ByteReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  int8(): number {
    return this.#bytes.readInt8(this.#advance(1))
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#advance(2))
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#advance(4))
  }

  int64(): bigint {
    return this.#bytes.readBigInt64BE(this.#advance(8))
  }

  string(): string {
    const length = this.int16()
    if (length < 0) return ''
    const start = this.#advance(length)
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** A view; empty for null. */
  bytes(): Buffer {
    const length = Math.max(0, this.int32())
    const start = this.#advance(length)
    if (start + length > this.#bytes.length) throw new RangeError(`${length} bytes at ${start} end beyond the answer`)
    return this.#bytes.subarray(start, start + length)
  }

  #advance(length: number): number {
    const start = this.#at
    this.#at += length
    return start
  }
}
