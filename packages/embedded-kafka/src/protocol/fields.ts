/**
 * The types of which requests and responses are declared.
 *
 * A declaration reads like the public protocol guide: an object of field names and types, in wire order, with
 * `from(version, type)` where a field came later. The same declaration reads and writes every version, classic and
 * flexible (compact lengths, tagged fields).
 */
import { MalformedRequest } from './malformed-request.ts'
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export interface Layout {
  readonly version: number
  /** Whether this version has compact lengths and tagged fields (KIP-482). */
  readonly flexible: boolean
}

export interface FieldType<T> {
  /** The type's name in Kafka's own definitions, such as `int32` or `[]string`. */
  readonly name: string
  /** What a reader sees in versions that lack the field. */
  readonly fallback: T
  readonly since?: number
  readonly until?: number
  /** Sent in the tagged section of flexible versions only. */
  readonly tag?: number
  /** The fields of a struct, or of an array's elements. */
  readonly fields?: Shape
  read(reader: Reader, layout: Layout): T
  write(writer: Writer, value: T, layout: Layout): void
}

/** A field that a writer may leave out; its fallback is written then. */
export interface OptionalField<T> extends FieldType<T> {
  readonly optional: true
}

export interface Shape {
  readonly [field: string]: FieldType<unknown>
}

type ValueOf<F> = F extends FieldType<infer T> ? T : never
type OptionalKeys<S extends Shape> = { [K in keyof S]: S[K] extends OptionalField<unknown> ? K : never }[keyof S]

/** A struct as read: every field present. */
export type Value<S extends Shape> = { [K in keyof S]: ValueOf<S[K]> }

/** A struct as written: optional fields may be missing. */
export type Input<S extends Shape> = { [K in Exclude<keyof S, OptionalKeys<S>>]: InputOf<S[K]> } & {
  [K in OptionalKeys<S>]?: InputOf<S[K]>
}
type InputOf<F> = F extends ArrayField<infer S> ? readonly Input<S>[] : ValueOf<F>

interface ArrayField<S extends Shape> extends FieldType<Value<S>[]> {
  readonly elements: S
}

export const int8: FieldType<number> = {
  name: 'int8',
  fallback: 0,
  read: (reader) => reader.int8(),
  write: (writer, value) => writer.int8(value),
}

export const int16: FieldType<number> = {
  name: 'int16',
  fallback: 0,
  read: (reader) => reader.int16(),
  write: (writer, value) => writer.int16(value),
}

export const int32: FieldType<number> = {
  name: 'int32',
  fallback: 0,
  read: (reader) => reader.int32(),
  write: (writer, value) => writer.int32(value),
}

export const int64: FieldType<bigint> = {
  name: 'int64',
  fallback: 0n,
  read: (reader) => reader.int64(),
  write: (writer, value) => writer.int64(value),
}

export const boolean: FieldType<boolean> = {
  name: 'bool',
  fallback: false,
  read: (reader) => reader.int8() !== 0,
  write: (writer, value) => writer.int8(value ? 1 : 0),
}

export const string: FieldType<string> = {
  name: 'string',
  fallback: '',
  read: (reader, layout) => reader.text(readLength(reader, layout, 'int16')),
  write: (writer, value, layout) => writeText(writer, value, layout),
}

export const nullableString: FieldType<string | null> = {
  name: 'string',
  fallback: null,
  read(reader, layout) {
    const length = readLength(reader, layout, 'int16')
    return length === -1 ? null : reader.text(length)
  },
  write(writer, value, layout) {
    if (value === null) writeLength(writer, -1, layout, 'int16')
    else writeText(writer, value, layout)
  },
}

export const bytes: FieldType<Buffer> = {
  name: 'bytes',
  fallback: Buffer.alloc(0),
  read: (reader, layout) => reader.bytes(readLength(reader, layout, 'int32')),
  write(writer, value, layout) {
    writeLength(writer, value.length, layout, 'int32')
    writer.bytes(value)
  },
}

/** Whole record batches, sent as they lie in the log; null where a partition has nothing to say. */
export const records: FieldType<readonly Buffer[] | null> = {
  name: 'records',
  fallback: null,
  read(reader, layout) {
    const length = readLength(reader, layout, 'int32')
    return length === -1 ? null : [reader.bytes(length)]
  },
  write(writer, value, layout) {
    if (value === null) return writeLength(writer, -1, layout, 'int32')
    let length = 0
    for (const batch of value) length += batch.length
    writeLength(writer, length, layout, 'int32')
    for (const batch of value) writer.bytes(batch)
  },
}

export function array<S extends Shape>(shape: S): ArrayField<S>
export function array<T>(element: FieldType<T>): FieldType<T[]>
export function array(element: Shape | FieldType<unknown>): FieldType<unknown[]> & { elements?: Shape } {
  const type = isType(element) ? element : struct(element)
  return {
    name: `[]${type.name}`,
    fallback: [],
    ...(isType(element) ? {} : { fields: element, elements: element }),
    read(reader, layout) {
      return readElements(reader, type, readLength(reader, layout, 'int32'), layout)
    },
    write(writer, value, layout) {
      writeLength(writer, value.length, layout, 'int32')
      for (const item of value) type.write(writer, item, layout)
    },
  }
}

/** An array that may be null, which usually means "all of them". */
export function nullableArray<S extends Shape>(shape: S): FieldType<Value<S>[] | null>
export function nullableArray<T>(element: FieldType<T>): FieldType<T[] | null>
export function nullableArray(element: Shape | FieldType<unknown>): FieldType<unknown[] | null> {
  const type = isType(element) ? element : struct(element)
  return {
    name: `[]${type.name}`,
    fallback: null,
    ...(isType(element) ? {} : { fields: element }),
    read(reader, layout) {
      const count = readLength(reader, layout, 'int32')
      return count === -1 ? null : readElements(reader, type, count, layout)
    },
    write(writer, value, layout) {
      writeLength(writer, value?.length ?? -1, layout, 'int32')
      for (const item of value ?? []) type.write(writer, item, layout)
    },
  }
}

/** The field exists since that version. */
export function from<F extends FieldType<unknown>>(version: number, type: F): F {
  return { ...type, since: version }
}

/** The field exists in these versions, both included. */
export function between<F extends FieldType<unknown>>(since: number, until: number, type: F): F {
  return { ...type, since, until }
}

/** A value that handlers need not give, and that readers see where the version lacks the field. */
export function optional<T>(type: FieldType<T>, fallback: T): OptionalField<T> {
  return { ...type, fallback, optional: true }
}

/** A field in the tagged section: flexible versions only. */
export function tagged<T>(tag: number, since: number, type: FieldType<T>, fallback: T): OptionalField<T> {
  return { ...type, fallback, tag, since, optional: true }
}

export function struct<S extends Shape>(shape: S): FieldType<Value<S>> {
  const fields = Object.entries(shape)
  const inVersion = ([, type]: [string, FieldType<unknown>], version: number): boolean =>
    version >= (type.since ?? 0) && version <= (type.until ?? Number.POSITIVE_INFINITY)

  return {
    name: 'struct',
    // Never read: a struct only occurs inside an array or as a whole request or response.
    fallback: Object.fromEntries(fields.map(([name, type]) => [name, type.fallback])) as Value<S>,
    fields: shape,
    read(reader, layout) {
      const value: Record<string, unknown> = {}
      for (const field of fields) {
        const [name, type] = field
        const present = type.tag === undefined && inVersion(field, layout.version)
        value[name] = present ? type.read(reader, layout) : type.fallback
      }
      if (layout.flexible) readTagged(reader, fields, value, layout)
      return value as Value<S>
    },
    write(writer, value: Record<string, unknown>, layout) {
      for (const field of fields) {
        const [name, type] = field
        if (type.tag === undefined && inVersion(field, layout.version))
          type.write(writer, value[name] === undefined ? type.fallback : value[name], layout)
      }
      // No response of ours carries a tagged field yet: every one has a fallback that means the same.
      if (layout.flexible) writer.unsignedVarint(0)
    },
  }
}

function readTagged(
  reader: Reader,
  fields: [string, FieldType<unknown>][],
  value: Record<string, unknown>,
  layout: Layout,
): void {
  const count = reader.elements(reader.unsignedVarint())
  for (let index = 0; index < count; index++) {
    const tag = reader.unsignedVarint()
    const length = reader.unsignedVarint()
    const known = fields.find(([, type]) => type.tag === tag && layout.version >= (type.since ?? 0))
    if (known) value[known[0]] = known[1].read(reader, layout)
    else reader.bytes(length)
  }
}

function isType(element: Shape | FieldType<unknown>): element is FieldType<unknown> {
  return typeof element.read === 'function'
}

function readElements(reader: Reader, type: FieldType<unknown>, count: number, layout: Layout): unknown[] {
  const items: unknown[] = []
  for (let left = reader.elements(count); left > 0; left--) items.push(type.read(reader, layout))
  return items
}

/** A length in this layout; -1 is null. Compact lengths are one higher on the wire. */
function readLength(reader: Reader, layout: Layout, classic: 'int16' | 'int32'): number {
  if (layout.flexible) return reader.unsignedVarint() - 1
  const length = classic === 'int16' ? reader.int16() : reader.int32()
  if (length < -1) throw new MalformedRequest(`a length is ${length}`)
  return length
}

function writeLength(writer: Writer, length: number, layout: Layout, classic: 'int16' | 'int32'): void {
  if (layout.flexible) writer.unsignedVarint(length + 1)
  else if (classic === 'int16') writer.int16(length)
  else writer.int32(length)
}

function writeText(writer: Writer, value: string, layout: Layout): void {
  const encoded = Buffer.from(value)
  writeLength(writer, encoded.length, layout, 'int16')
  writer.bytes(encoded)
}
