/**
 * Arrays and maps that believe no count. avsc makes as many items as a block claims to have, so that ten bytes of poison make it fill the memory; and
 * skips blocks by a length that may be negative, so that others make it run for ever.
 */
import avsc from 'avsc'
import type { FaultHook, Reading, Resolver, Tap } from './avsc.ts'
import { kindOf } from './representation.ts'

/** Items that take no bytes (null, an empty record) cannot be bounded by the bytes left. This bounds them in one array. */
const MOST_EMPTY_ITEMS = 1024

/** Items that an array has room for before any of them is read. */
const MOST_ROOM = 64

/** An array whose items take at least one byte each. */
export class ArrayType extends avsc.types.ArrayType {
  override _read(tap: Tap): unknown[] {
    return readItems(this.itemsType, tap)
  }

  override _skip(tap: Tap): void {
    for (let count = skippableCount(tap); count > 0; count = skippableCount(tap)) {
      checkCount(count, tap)
      while (count-- > 0) this.itemsType._skip(tap)
    }
  }

  override _update(resolver: Resolver, writer: avsc.Type, options: object): void {
    super._update(resolver, writer, options)
    const items = resolver.itemsType
    if (!items) return
    // How many items there may be depends on what was written, not on what it is read as.
    const readAll = writer instanceof EmptyItemsArrayType ? readEmptyItems : readItems
    resolver._read = (tap) => readAll(items, tap)
  }
}

/** An array whose items may take no bytes. */
export class EmptyItemsArrayType extends ArrayType {
  override _read(tap: Tap): unknown[] {
    return readEmptyItems(this.itemsType, tap)
  }

  override _skip(tap: Tap): void {
    let total = 0
    for (let count = skippableCount(tap); count > 0; count = skippableCount(tap)) {
      total += count
      checkEmptyItems(total)
      while (count-- > 0) this.itemsType._skip(tap)
    }
  }
}

function readItems(items: Reading, tap: Tap): unknown[] {
  let count = blockCount(tap)
  checkCount(count, tap)
  // Of its final length nearly always, where it is short: an array that grows makes room for seventeen at its first item.
  const values: unknown[] = new Array(Math.min(count, MOST_ROOM))
  let length = 0
  for (; count > 0; count = blockCount(tap)) {
    checkCount(count, tap)
    while (count-- > 0) values[length++] = items._read(tap)
  }
  return values
}

function readEmptyItems(items: Reading, tap: Tap): unknown[] {
  const values: unknown[] = []
  for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
    checkEmptyItems(values.length + count)
    while (count-- > 0) values.push(items._read(tap))
  }
  return values
}

export class MapType extends avsc.types.MapType {
  override _read(tap: Tap): Record<string, unknown> {
    const valuesType: avsc.Type = this.valuesType
    const values: Record<string, unknown> = {}
    for (let count = blockCount(tap); count > 0; count = blockCount(tap)) {
      checkCount(count, tap)
      while (count-- > 0) set(values, tap.readString(), valuesType._read(tap))
    }
    return values
  }

  override _skip(tap: Tap): void {
    const valuesType: avsc.Type = this.valuesType
    for (let count = skippableCount(tap); count > 0; count = skippableCount(tap)) {
      checkCount(count, tap)
      while (count-- > 0) {
        tap.skipString()
        valuesType._skip(tap)
      }
    }
  }

  override _write(tap: Tap, value: unknown): void {
    // Dates and Maps have no keys of their own, and would be written as empty maps.
    if (!isMapLike(value)) throw new TypeError('not a plain object')
    super._write(tap, value)
  }

  override _check(value: unknown, flags?: number, hook?: FaultHook, path?: string[]): boolean {
    if (isMapLike(value)) return super._check(value, flags, hook, path)
    hook?.(value, this)
    return false
  }
}

function isMapLike(value: unknown): boolean {
  return kindOf(value) === 'object' && !(value instanceof Map)
}

/** The count of the next block; zero at the end of the collection. */
function blockCount(tap: Tap): number {
  const count = tap.readLong()
  if (count >= 0) return count
  tap.skipLong()
  return -count
}

/** As `blockCount`, but a block that says how long it is, is passed over at once. */
function skippableCount(tap: Tap): number {
  for (;;) {
    const count = tap.readLong()
    if (count >= 0) return count
    const length = tap.readLong()
    if (!(length >= 0 && length <= bytesLeft(tap)))
      throw new Error(`a block claims ${length} of ${bytesLeft(tap)} bytes`)
    tap.pos += length
  }
}

function bytesLeft(tap: Tap): number {
  return Math.max(0, tap.buf.length - tap.pos)
}

function checkCount(count: number, tap: Tap): void {
  if (count > bytesLeft(tap)) throw new Error(`a block claims ${count} items in ${bytesLeft(tap)} bytes`)
}

function checkEmptyItems(count: number): void {
  if (count > MOST_EMPTY_ITEMS)
    throw new Error(`an array claims ${count} items that take no bytes: at most ${MOST_EMPTY_ITEMS} are read`)
}

function set(values: Record<string, unknown>, key: string, value: unknown): void {
  // Assigning to this name would change the object's prototype.
  if (key === '__proto__')
    Object.defineProperty(values, key, { value, enumerable: true, configurable: true, writable: true })
  else values[key] = value
}
