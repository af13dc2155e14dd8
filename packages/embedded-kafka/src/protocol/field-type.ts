/**
 * What a field of a request or response is, and in which versions it is there.
 *
 * A declaration reads like the public protocol guide: an object of field names and types, in wire order, with
 * `from(version, type)` where a field came later. The same declaration reads and writes every version, classic and
 * flexible (compact lengths, tagged fields).
 */
import type { Reader } from './reader.ts'
import type { Writer } from './writer.ts'

export interface Layout {
  readonly version: number
  /** Whether this version has compact lengths and tagged fields (KIP-482). */
  readonly flexible: boolean
  /** Elements of arrays that are not written, because a fault is staged for them. */
  readonly leftOut?: ReadonlySet<unknown>
}

/** A type that is read as `T` and written from `I`, which may leave out what has a fallback. */
export interface FieldType<T, I = T> {
  /** The type's name in Kafka's own definitions, such as `int32` or `[]string`. */
  readonly name: string
  /** What a reader sees in versions that lack the field. */
  readonly fallback: T
  readonly since?: number
  readonly until?: number
  /** The first version in which it may be null, where it may. */
  readonly nullableSince?: number
  /** Sent in the tagged section of flexible versions only. */
  readonly tag?: number
  /** The fields of a struct, or of an array's elements. */
  readonly fields?: Shape
  /** How a classic layout begins it: with a length, or in a nullable struct with one byte. */
  readonly prefix?: Prefix
  read(reader: Reader, layout: Layout): T
  write(writer: Writer, value: I, layout: Layout): void
}

export type Prefix = 'int16' | 'int32' | 'presence'

/** A field that a writer may leave out; its fallback is written then. */
export interface OptionalField<T, I = T> extends FieldType<T, I> {
  readonly optional: true
}

type AnyField = FieldType<unknown, unknown>

export interface Shape {
  readonly [field: string]: AnyField
}

type ValueOf<F> = F extends FieldType<infer T, infer _I> ? T : never
type InputOf<F> = F extends FieldType<infer _T, infer I> ? I : never
type OptionalKeys<S extends Shape> = { [K in keyof S]: S[K] extends { optional: true } ? K : never }[keyof S]

/** A struct as read: every field present. */
export type Value<S extends Shape> = { [K in keyof S]: ValueOf<S[K]> }

/** A struct as written: optional fields may be missing. */
export type Input<S extends Shape> = { [K in Exclude<keyof S, OptionalKeys<S>>]: InputOf<S[K]> } & {
  [K in OptionalKeys<S>]?: InputOf<S[K]>
}

/** The field exists since that version. */
export function from<F extends AnyField>(version: number, type: F): F {
  return { ...type, since: version }
}

/** The field exists in these versions, both included. */
export function between<F extends AnyField>(since: number, until: number, type: F): F {
  return { ...type, since, until }
}

/** A value that handlers need not give, and that readers see where the version lacks the field. */
export function optional<T, I>(type: FieldType<T, I>, fallback: T): OptionalField<T, I> {
  return { ...type, fallback, optional: true }
}

/** A field in the tagged section: flexible versions only, and not sent while it has its fallback. */
export function tagged<T, I>(
  tag: number,
  since: number,
  type: FieldType<T, I>,
  fallback: T = type.fallback,
): OptionalField<T, I> {
  return { ...type, fallback, tag, since, optional: true }
}

export function isInVersion(type: AnyField, version: number): boolean {
  return version >= (type.since ?? 0) && version <= (type.until ?? Number.POSITIVE_INFINITY)
}
