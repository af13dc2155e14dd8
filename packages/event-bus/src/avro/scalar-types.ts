/** Types of single values: stricter than avsc's where those let wrong values or harmful bytes through. */
import avsc from 'avsc'
import { SHORT_TEXT, utf8Text } from '../short-text.ts'
import type { FaultHook, Resolver, Tap } from './avsc.ts'
import { isLong, readLong, readSafeLong, writeLong, writeSafeLong } from './varint.ts'

/** Thrown while writing; the caller looks for the path and says it in full. */
function refuse(what: string): never {
  throw new TypeError(`not ${what}`)
}

/** avsc reads a varint of any length as an `int`. */
export class IntType extends avsc.types.IntType {
  override _read(tap: Tap): number {
    const value = tap.readLong()
    if ((value | 0) !== value) throw new Error('an int has more than 32 bits')
    return value
  }
}

/** `long` as a bigint, whatever its value. */
export class BigIntLongType extends avsc.types.LongType {
  static {
    // How avsc calls longs that are not numbers: its readers of float and double look for it.
    Object.assign(BigIntLongType.prototype, { typeName: 'abstract:long', _concreteTypeName: 'long' })
  }

  override _read(tap: Tap): bigint {
    return readLong(tap)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isLong(value)) refuse('a long')
    writeLong(tap, value)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = isLong(value)
    if (!isValid) hook?.(value, this)
    return isValid
  }

  override _copy(value: unknown, options?: { coerce?: number }): unknown {
    if (options?.coerce === 2 && typeof value === 'number') return BigInt(value)
    return options?.coerce === 3 ? Number(value) : value
  }

  override _update(resolver: Resolver, writer: avsc.Type): void {
    // An int is written as a long is.
    if (isLongType(writer) || writer.typeName === 'int') resolver._read = readLong
  }
}

/** `long` as a number: beyond ±2^53 it is an error, never another number. */
export class NumberLongType extends avsc.types.LongType {
  override _read(tap: Tap): number {
    return readSafeLong(tap)
  }

  override _write(tap: Tap, value: unknown): void {
    if (!isSafeInteger(value)) refuse('a safe integer')
    writeSafeLong(tap, value)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = isSafeInteger(value)
    if (!isValid) hook?.(value, this)
    return isValid
  }

  override _update(resolver: Resolver, writer: avsc.Type): void {
    if (isLongType(writer) || writer.typeName === 'int') resolver._read = readSafeLong
  }
}

/** Most strings are shorter than this and ASCII. Their length in zigzag is one byte. */
const SHORT = 64

/** avsc writes half of a surrogate pair as bytes that are not UTF-8, which readers in other languages refuse. */
export class StringType extends avsc.types.StringType {
  override _read(tap: Tap): string {
    const { buf, pos } = tap
    const zigzag = buf[pos] ?? 0
    const start = pos + 1
    const end = start + (zigzag >> 1)
    // A length that is longer, below zero or beyond the end is avsc's.
    if (zigzag > SHORT_TEXT * 2 || (zigzag & 1) === 1 || end > buf.length) return tap.readString()
    tap.pos = end
    return utf8Text(buf, start, end)
  }

  override _write(tap: Tap, value: unknown): void {
    if (typeof value === 'string' && value.length < SHORT && writeAscii(tap, value)) return
    if (typeof value !== 'string' || !value.isWellFormed()) refuse('a well-formed string')
    tap.writeString(value)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = typeof value === 'string' && value.isWellFormed()
    if (!isValid) hook?.(value, this)
    return isValid
  }
}

/** Writes in one pass what is ASCII; false, with nothing written that counts, when it is not. */
function writeAscii(tap: Tap, value: string): boolean {
  const { buf, pos } = tap
  const { length } = value
  buf[pos] = length << 1
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 0x7f) return false
    buf[pos + 1 + i] = code
  }
  tap.pos = pos + 1 + length
  return true
}

/** Takes any Uint8Array, gives Buffers. */
export class BytesType extends avsc.types.BytesType {
  override _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array)) refuse('bytes')
    tap.writeBytes(asBuffer(value))
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = value instanceof Uint8Array
    if (!isValid) hook?.(value, this)
    return isValid
  }
}

/** Takes any Uint8Array of the right length, gives Buffers. */
export class FixedType extends avsc.types.FixedType {
  override _write(tap: Tap, value: unknown): void {
    if (!(value instanceof Uint8Array) || value.length !== this.size) refuse(`${this.size} bytes`)
    if (this.size > 0) tap.writeFixed(asBuffer(value), this.size)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = value instanceof Uint8Array && value.length === this.size
    if (!isValid) hook?.(value, this)
    return isValid
  }
}

/** avsc takes `['A']` for `A`, and the name of anything that every object has (`toString`) for a symbol. */
export class EnumType extends avsc.types.EnumType {
  override _write(tap: Tap, value: unknown): void {
    if (!this._check(value)) refuse('a symbol of the enum')
    super._write(tap, value)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const isValid = typeof value === 'string' && this.symbols.includes(value)
    if (!isValid) hook?.(value, this)
    return isValid
  }
}

function isLongType(type: avsc.Type): boolean {
  return type.typeName === 'abstract:long' || type.typeName === 'long'
}

function isSafeInteger(value: unknown): value is number {
  return Number.isSafeInteger(value)
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
