/** Byte strings up to this size are copied into the running chunk; longer ones are sent from where they lie. */
const copyLimit = 2_048

/**
 * Writes Kafka's primitive types.
 * Record batches go out from the log's own memory: a fetch answer of megabytes costs a handful of small buffers.
 */
export class Writer {
  readonly #done: Buffer[] = []
  #doneBytes = 0
  #chunk: Buffer
  #used = 0

  constructor(initialBytes = 256) {
    this.#chunk = Buffer.allocUnsafe(initialBytes)
  }

  get length(): number {
    return this.#doneBytes + this.#used
  }

  #room(bytes: number): number {
    const start = this.#used
    if (start + bytes > this.#chunk.length) {
      this.#flush()
      this.#chunk = Buffer.allocUnsafe(Math.max(bytes, Math.min(this.#chunk.length * 2, 65_536)))
      this.#used = bytes
      return 0
    }
    this.#used = start + bytes
    return start
  }

  #flush(): void {
    if (this.#used === 0) return
    this.#done.push(this.#chunk.subarray(0, this.#used))
    this.#doneBytes += this.#used
    this.#chunk = this.#chunk.subarray(this.#used)
    this.#used = 0
  }

  int8(value: number): void {
    const at = this.#room(1)
    this.#chunk.writeInt8(value, at)
  }

  int16(value: number): void {
    const at = this.#room(2)
    this.#chunk.writeInt16BE(value, at)
  }

  int32(value: number): void {
    const at = this.#room(4)
    this.#chunk.writeInt32BE(value, at)
  }

  int64(value: bigint): void {
    const at = this.#room(8)
    this.#chunk.writeBigInt64BE(value, at)
  }

  unsignedVarint(value: number): void {
    let rest = value
    while (rest >= 0x80) {
      const at = this.#room(1)
      this.#chunk[at] = (rest % 0x80) | 0x80
      rest = Math.floor(rest / 0x80)
    }
    const at = this.#room(1)
    this.#chunk[at] = rest
  }

  bytes(value: Buffer): void {
    if (value.length > copyLimit) {
      this.#flush()
      this.#done.push(value)
      this.#doneBytes += value.length
      return
    }
    const at = this.#room(value.length)
    value.copy(this.#chunk, at)
  }

  /** Everything written so far, as buffers to send one after the other. */
  buffers(): Buffer[] {
    this.#flush()
    return this.#done
  }
}
