/**
 * The part of avsc that its own type declarations leave out, and that custom types need. avsc is pinned to an exact version for this.
 *
 * A type reads from and writes to a *tap*: a buffer and a position. Taps do not check bounds (reading beyond the end gives zeros, writing beyond it
 * is lost); whoever drives one compares the position with the length at the end. So every loop whose count comes from the data needs its own bound.
 */
import type { Schema, Type } from 'avsc'

export interface Tap {
  readonly buf: Buffer
  pos: number
  readLong(): number
  skipLong(): void
  writeLong(value: number): void
  readString(): string
  skipString(): void
  writeString(value: string): void
  writeBytes(value: Buffer): void
  writeFixed(value: Buffer, length: number): void
}

/** Called with the path to a wrong value, the value and the type it should have. */
export type FaultHook = (value: unknown, type: Type) => void

/** A reader of one writer's type as another type. */
export interface Resolver {
  _read: ((tap: Tap) => unknown) | null
  /** Of arrays: the resolver of their items. */
  itemsType?: Reading | null
}

/** A type or a resolver: what reads. */
export interface Reading {
  _read(tap: Tap): unknown
}

declare module 'avsc' {
  interface Type {
    _read(tap: Tap): unknown
    _skip(tap: Tap): void
    _write(tap: Tap, value: unknown): void
    _check(value: unknown, flags?: number, hook?: FaultHook, path?: string[]): boolean
    /** `coerce`: 2 from JSON, 3 to JSON. */
    _copy(value: unknown, options?: { coerce?: number }): unknown
    _update(resolver: Resolver, writer: Type, options: object): void
    createResolver(writer: Type, options?: object): Reading
  }
}

/** A schema without content, in whose place the type hook builds a type. */
export interface Placeholder {
  readonly type: 'null'
  /** Only told by avsc in messages. */
  readonly logicalType?: string
}

export interface CompileOptions {
  readonly typeHook: (schema: Schema) => Type | undefined
  readonly registry: { [name: string]: Type }
  readonly omitRecordMethods: true
  namespace: string
}
