/**
 * How Avro values look in JavaScript: the one table that the types (`infer.ts`) and the codec (`logical-types.ts`) both follow.
 * `docs/reference/avro-types.md` explains each choice.
 */

/** Primitive and annotated types, by Avro type and logical type. Named types and containers are built from these. */
export interface Representations {
  null: null
  boolean: boolean
  int: number
  long: bigint
  'long:number': number
  float: number
  double: number
  bytes: Buffer
  string: string
  fixed: Buffer
  'bytes:decimal': string
  'fixed:decimal': string
  'string:uuid': string
  'fixed:uuid': string
  'int:date': string
  'int:time-millis': string
  'long:time-micros': string
  'long:timestamp-millis': Date
  'long:timestamp-micros': bigint
  'long:local-timestamp-millis': string
  'long:local-timestamp-micros': string
}

export type Representation = keyof Representations

/** What tells two branches of a union apart at run time. Branches of distinct kinds need no tag. */
export type Kind = 'null' | 'boolean' | 'number' | 'bigint' | 'string' | 'bytes' | 'date' | 'array' | 'object'

export interface Kinds {
  null: 'null'
  boolean: 'boolean'
  int: 'number'
  long: 'bigint'
  'long:number': 'number'
  float: 'number'
  double: 'number'
  bytes: 'bytes'
  string: 'string'
  fixed: 'bytes'
  'bytes:decimal': 'string'
  'fixed:decimal': 'string'
  'string:uuid': 'string'
  'fixed:uuid': 'string'
  'int:date': 'string'
  'int:time-millis': 'string'
  'long:time-micros': 'string'
  'long:timestamp-millis': 'date'
  'long:timestamp-micros': 'bigint'
  'long:local-timestamp-millis': 'string'
  'long:local-timestamp-micros': 'string'
  enum: 'string'
  array: 'array'
  map: 'object'
  record: 'object'
}

export const kinds: Readonly<Kinds> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'bigint',
  'long:number': 'number',
  float: 'number',
  double: 'number',
  bytes: 'bytes',
  string: 'string',
  fixed: 'bytes',
  'bytes:decimal': 'string',
  'fixed:decimal': 'string',
  'string:uuid': 'string',
  'fixed:uuid': 'string',
  'int:date': 'string',
  'int:time-millis': 'string',
  'long:time-micros': 'string',
  'long:timestamp-millis': 'date',
  'long:timestamp-micros': 'bigint',
  'long:local-timestamp-millis': 'string',
  'long:local-timestamp-micros': 'string',
  enum: 'string',
  array: 'array',
  map: 'object',
  record: 'object',
}

/** The kind of a value, or what `typeof` says when no Avro value looks like it. */
export function kindOf(value: unknown): string {
  if (typeof value !== 'object') return typeof value
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (value instanceof Uint8Array) return 'bytes'
  if (value instanceof Date) return 'date'
  return 'object'
}
