/** Numbers of the offset map: little-endian base-128, the top bit set on every byte but the last. */
export function varintBytes(value: bigint): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  bytes.push(Number(rest))
  return bytes
}

export interface VarintReader {
  readonly isAtEnd: boolean
  /** Null when the number is cut off, or larger than any offset. */
  next(): bigint | null
  /** Null when there are fewer bytes left. */
  take(length: number): Buffer | null
}

/** An offset has 63 bits, and two more say what it starts. */
const MAX_BITS = 70n

export function readVarints(bytes: Buffer): VarintReader {
  let at = 0
  return {
    get isAtEnd() {
      return at >= bytes.length
    },
    next() {
      let value = 0n
      for (let shift = 0n; shift < MAX_BITS; shift += 7n) {
        const byte = bytes[at]
        if (byte === undefined) return null
        at += 1
        value |= BigInt(byte & 127) << shift
        if (byte < 128) return value
      }
      return null
    },
    take(length) {
      if (at + length > bytes.length) return null
      at += length
      return bytes.subarray(at - length, at)
    },
  }
}
