/** Zigzag variable-length integers of the record format, for numbers: BigInt only where a number cannot hold the value. */

const INT32_MIN = -0x8000_0000
const INT32_MAX = 0x7fff_ffff

export function sizeOfVarint(value: number): number {
  if (value < INT32_MIN || value > INT32_MAX) return sizeOfVarlong(BigInt(value))
  const bits = 32 - Math.clz32((value << 1) ^ (value >> 31))
  return bits <= 7 ? 1 : Math.ceil(bits / 7)
}

/** Returns the position after the value. */
export function writeVarint(target: Buffer, start: number, value: number): number {
  if (value < INT32_MIN || value > INT32_MAX) return writeVarlong(target, start, BigInt(value))
  let at = start
  let rest = ((value << 1) ^ (value >> 31)) >>> 0
  while (rest > 0x7f) {
    target[at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  target[at++] = rest
  return at
}

function zigzag64(value: bigint): bigint {
  return BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
}

function sizeOfVarlong(value: bigint): number {
  let size = 1
  for (let rest = zigzag64(value); rest > 0x7fn; rest >>= 7n) size++
  return size
}

function writeVarlong(target: Buffer, start: number, value: bigint): number {
  let at = start
  let rest = zigzag64(value)
  while (rest > 0x7fn) {
    target[at++] = Number(rest & 0x7fn) | 0x80
    rest >>= 7n
  }
  target[at++] = Number(rest)
  return at
}

/** Walks over bytes; one for a whole batch, so that reading a record makes no reader. */
export class VarintReader {
  at: number
  readonly #bytes: Buffer
  readonly #end: number

  constructor(bytes: Buffer, start: number, end: number) {
    this.#bytes = bytes
    this.at = start
    this.#end = end
  }

  /** @throws {RangeError} where the bytes end before the value does, or it is longer than 64 bits. */
  next(): number {
    const bytes = this.#bytes
    let at = this.at
    let byte = bytes[at++] ?? this.#overrun()
    let value = byte & 0x7f
    let shift = 7
    while (byte & 0x80) {
      if (shift === 28) return this.#long()
      byte = bytes[at++] ?? this.#overrun()
      value |= (byte & 0x7f) << shift
      shift += 7
    }
    if (at > this.#end) this.#overrun()
    this.at = at
    return (value >>> 1) ^ -(value & 1)
  }

  /** Values of more than 28 bits: rare enough (a record days apart from its batch's first) to pay for BigInt. */
  #long(): number {
    let value = 0n
    let at = this.at
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#bytes[at++] ?? this.#overrun()
      value |= BigInt(byte & 0x7f) << shift
      if (byte & 0x80) continue
      if (at > this.#end) this.#overrun()
      this.at = at
      return Number((value >> 1n) ^ -(value & 1n))
    }
    throw new RangeError(`a variable-length integer at byte ${this.at} does not end`)
  }

  /** The next `length` bytes as a view; null for a negative length, as Kafka writes null. */
  bytes(length: number): Buffer | null {
    if (length < 0) return null
    const end = this.at + length
    if (end > this.#end) this.#overrun()
    const view = this.#bytes.subarray(this.at, end)
    this.at = end
    return view
  }

  /** Whether the next `length` bytes are these. */
  startsWith(bytes: Buffer, length: number): boolean {
    if (length !== bytes.length || this.at + length > this.#end) return false
    // Backwards: what is nearly the same, as times and ids are, differs at its end.
    for (let index = length - 1; index >= 0; index--) {
      if (bytes[index] !== this.#bytes[this.at + index]) return false
    }
    return true
  }

  skip(length: number): void {
    if (length <= 0) return
    this.at += length
    if (this.at > this.#end) this.#overrun()
  }

  #overrun(): never {
    throw new RangeError(`the bytes end at ${this.#end}, in the middle of a value at ${this.at}`)
  }
}
