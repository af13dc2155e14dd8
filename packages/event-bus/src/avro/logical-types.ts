/** What logical types look like in JavaScript. `representation.ts` has the table; each class is one row of it. */
import avsc from 'avsc'
import type { CompileOptions, FaultHook, Placeholder, Resolver, Tap } from './avsc.ts'
import { dateFromDays, daysFromDate, localFromUnits, textFromTime, timeFromText, unitsFromLocal } from './calendar.ts'
import {
  bytesForPrecision,
  minimalBytes,
  sizedBytes,
  textFromUnscaled,
  unscaledFromBytes,
  unscaledFromText,
} from './decimal.ts'
import { readSafeLong, writeSafeLong } from './varint.ts'

/**
 * A type that stands on another. `_toValue` gives undefined for what is not of this type, so that the path of the first wrong field can be found
 * without exceptions.
 */
abstract class LogicalType extends avsc.types.LogicalType {
  protected abstract override _fromValue(value: unknown): unknown
  protected abstract override _toValue(value: unknown): unknown

  override _write(tap: Tap, value: unknown): void {
    const plain = this._toValue(value)
    if (plain === undefined) throw new TypeError(`not a ${this.typeName}`)
    this.underlyingType._write(tap, plain)
  }

  override _check(value: unknown, _flags?: number, hook?: FaultHook): boolean {
    const plain = this._toValue(value)
    const isValid = plain !== undefined && this.underlyingType._check(plain)
    if (!isValid) hook?.(value, this)
    return isValid
  }

  /**
   * Reading microseconds as milliseconds would be a wrong value without an error, so only the same logical type is read, or none. `evolution.ts` says
   * the same in words.
   */
  override _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    if (writer instanceof LogicalType && !this.meansTheSame(writer)) return
    const plainWriter = writer instanceof LogicalType ? writer.underlyingType : writer
    const plain: Resolver = { _read: null }
    this.underlyingType._update(plain, plainWriter, options)
    if (plain._read !== null) resolver._read = (tap) => this._fromValue(plain._read?.(tap))
  }

  protected meansTheSame(writer: LogicalType): boolean {
    return writer.typeName === this.typeName
  }

  override _resolve(): undefined {
    return undefined
  }
}

/** An instant to the millisecond, as a Date. On the hot path: every envelope has one. */
export class TimestampMillisType extends LogicalType {
  override _read(tap: Tap): Date {
    return dateFromMillis(readSafeLong(tap))
  }

  override _write(tap: Tap, value: unknown): void {
    const millis = this._toValue(value)
    if (millis === undefined) throw new TypeError('not a valid Date')
    writeSafeLong(tap, millis)
  }

  protected override _fromValue(value: unknown): Date {
    return dateFromMillis(Number(value))
  }

  protected override _toValue(value: unknown): number | undefined {
    if (!(value instanceof Date)) return undefined
    const millis = value.getTime()
    return Number.isNaN(millis) ? undefined : millis
  }
}

function dateFromMillis(millis: number): Date {
  const date = new Date(millis)
  if (Number.isNaN(date.getTime())) throw new Error(`the timestamp ${millis} is outside the range of Date`)
  return date
}

/** An instant to the microsecond: a bigint, since a Date would cut it. */
export class TimestampMicrosType extends LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return value
  }

  protected override _toValue(value: unknown): bigint | undefined {
    return typeof value === 'bigint' ? value : undefined
  }
}

/** A calendar day, `YYYY-MM-DD`. */
export class DateType extends LogicalType {
  protected override _fromValue(value: unknown): string {
    return dateFromDays(Number(value))
  }

  protected override _toValue(value: unknown): number | undefined {
    return typeof value === 'string' ? (daysFromDate(value) ?? undefined) : undefined
  }
}

/** A time of day without a zone, `HH:MM:SS.mmm`. */
export class TimeMillisType extends LogicalType {
  protected override _fromValue(value: unknown): string {
    return timeText(Number(value), 3)
  }

  protected override _toValue(value: unknown): number | undefined {
    return typeof value === 'string' ? (timeFromText(value, 3) ?? undefined) : undefined
  }
}

/** A time of day without a zone, `HH:MM:SS.mmmuuu`. */
export class TimeMicrosType extends LogicalType {
  protected override _fromValue(value: unknown): string {
    return timeText(Number(value), 6)
  }

  protected override _toValue(value: unknown): number | undefined {
    return typeof value === 'string' ? (timeFromText(value, 6) ?? undefined) : undefined
  }
}

function timeText(units: number, fractionDigits: number): string {
  if (!(units >= 0 && units < 86_400 * 10 ** fractionDigits)) throw new Error(`${units} is not a time of day`)
  return textFromTime(units, fractionDigits)
}

/** What a calendar and a clock on the wall show, without a zone: `YYYY-MM-DDTHH:MM:SS.mmm`, or with six digits. */
export class LocalTimestampType extends LogicalType {
  readonly #fractionDigits: number

  constructor(schema: Placeholder, options: CompileOptions, fractionDigits: 3 | 6) {
    super(schema, options)
    this.#fractionDigits = fractionDigits
  }

  protected override _fromValue(value: unknown): string {
    return localFromUnits(BigInt(value as bigint), this.#fractionDigits)
  }

  protected override _toValue(value: unknown): bigint | undefined {
    return typeof value === 'string' ? (unitsFromLocal(value, this.#fractionDigits) ?? undefined) : undefined
  }
}

/** An exact decimal as text, with all the digits of its scale. */
export class DecimalType extends LogicalType {
  readonly #precision: number
  readonly #scale: number
  /** Of a fixed; null for bytes. */
  readonly #size: number | null
  readonly #limit: bigint

  constructor(
    schema: Placeholder,
    options: CompileOptions,
    decimal: { precision: number; scale: number; size: number | null },
  ) {
    super(schema, options)
    this.#precision = decimal.precision
    this.#scale = decimal.scale
    this.#size = decimal.size
    this.#limit = 10n ** BigInt(decimal.precision)
  }

  protected override meansTheSame(writer: LogicalType): boolean {
    return writer instanceof DecimalType && writer.#scale === this.#scale
  }

  protected override _fromValue(value: unknown): string {
    const bytes = wholeBytes(value)
    // Without this, a long value would cost time that grows with its square.
    if (this.#size === null && bytes.length > bytesForPrecision(this.#precision)) {
      throw new Error(`a decimal of ${this.#precision} digits has ${bytes.length} bytes`)
    }
    const unscaled = unscaledFromBytes(bytes)
    if (unscaled >= this.#limit || unscaled <= -this.#limit) {
      throw new Error(`a decimal has more than ${this.#precision} digits`)
    }
    return textFromUnscaled(unscaled, this.#scale)
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    if (typeof value !== 'string') return undefined
    const unscaled = unscaledFromText(value, this.#precision, this.#scale)
    if (unscaled === null) return undefined
    return this.#size === null ? minimalBytes(unscaled) : sizedBytes(unscaled, this.#size)
  }
}

/** A tap gives undefined for bytes that end too soon, and compares positions only once the whole value is read: too late to convert them. */
function wholeBytes(value: unknown): Buffer {
  if (!Buffer.isBuffer(value)) throw new Error('the bytes end before the value does')
  return value
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** A uuid in its usual text form, lower-case. What another writer put into a string is given as it is. */
export class UuidStringType extends LogicalType {
  protected override _fromValue(value: unknown): unknown {
    return value
  }

  protected override _toValue(value: unknown): string | undefined {
    return typeof value === 'string' && UUID.test(value) ? value.toLowerCase() : undefined
  }
}

/** The same in sixteen bytes. */
export class UuidFixedType extends LogicalType {
  protected override _fromValue(value: unknown): string {
    const hex = wholeBytes(value).toString('hex')
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    return typeof value === 'string' && UUID.test(value) ? Buffer.from(value.replaceAll('-', ''), 'hex') : undefined
  }
}
