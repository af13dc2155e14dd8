/**
 * Variable-length zigzag integers of 64 bits. avsc's own go through floating point and are wrong below -2^52 (it reads -2^52-1 back as 2^52), and
 * its long of custom type copies every value through a buffer.
 */
import type { Tap } from './avsc.ts'

const MIN_LONG = -(2n ** 63n)
const MAX_LONG = 2n ** 63n - 1n
/** Twice this is exact in a double, so zigzag can be done in floating point. */
const FLOAT_LIMIT = 2 ** 52
const BIG_FLOAT_LIMIT = BigInt(FLOAT_LIMIT)

export function isLong(value: unknown): value is bigint {
  return typeof value === 'bigint' && value >= MIN_LONG && value <= MAX_LONG
}

export function writeLong(tap: Tap, value: bigint): void {
  if (value > -BIG_FLOAT_LIMIT && value < BIG_FLOAT_LIMIT) tap.writeLong(Number(value))
  else writeWide(tap, value)
}

/** @param value a safe integer */
export function writeSafeLong(tap: Tap, value: number): void {
  if (value > -FLOAT_LIMIT && value < FLOAT_LIMIT) tap.writeLong(value)
  else writeWide(tap, BigInt(value))
}

function writeWide(tap: Tap, value: bigint): void {
  const zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  let low = Number(zigzag & 0xffffffffn)
  let high = Number(zigzag >> 32n)
  const { buf } = tap
  while (high !== 0 || low > 0x7f) {
    buf[tap.pos++] = (low & 0x7f) | 0x80
    low = ((high << 25) | (low >>> 7)) >>> 0
    high >>>= 7
  }
  buf[tap.pos++] = low
}

export function readLong(tap: Tap): bigint {
  const value = readShort(tap)
  return value === null ? readWide(tap) : BigInt(value)
}

/** Throws where a number would not be exact. */
export function readSafeLong(tap: Tap): number {
  const short = readShort(tap)
  if (short !== null) return short
  const wide = readWide(tap)
  const value = Number(wide)
  if (!Number.isSafeInteger(value)) throw new Error(`the long ${wide} is beyond ±2^53 and its schema asks for a number`)
  return value
}

/** A varint of at most seven bytes; null, without moving, when it is longer. */
function readShort(tap: Tap): number | null {
  const { buf, pos } = tap
  // Beyond the end of the buffer a byte is undefined, which ends the varint as a zero would.
  let byte = buf[pos] ?? 0
  let zigzag = byte & 0x7f
  let length = 1
  let scale = 128
  while (byte & 0x80) {
    if (length === 7) return null
    byte = buf[pos + length] ?? 0
    zigzag += (byte & 0x7f) * scale
    scale *= 128
    length++
  }
  tap.pos = pos + length
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2
}

function readWide(tap: Tap): bigint {
  const { buf } = tap
  const start = tap.pos
  const low = sevenBits(buf, start, 4)
  const middle = sevenBits(buf, start + 4, 4)
  // The seventh byte and its like have a continuation bit, or the short path had read them.
  let length = 7
  while (length < 10 && (buf[start + length] ?? 0) & 0x80) length++
  if (length === 10) throw new Error('a variable-length integer has more than 64 bits')
  length++
  const high = length > 8 ? sevenBits(buf, start + 8, length - 8) : 0
  if (high > 0xff) throw new Error('a variable-length integer has more than 64 bits')
  tap.pos = start + length
  const zigzag = BigInt(low) | (BigInt(middle) << 28n) | (BigInt(high) << 56n)
  return (zigzag >> 1n) ^ -(zigzag & 1n)
}

function sevenBits(buf: Buffer, start: number, count: number): number {
  let value = 0
  for (let i = 0; i < count; i++) value |= ((buf[start + i] ?? 0) & 0x7f) << (7 * i)
  return value
}
