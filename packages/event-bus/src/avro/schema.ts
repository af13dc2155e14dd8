/** Avro schemas as they are written: the JSON of an `.avsc` file, or the literal given to `defineEvent`. Attributes not named here are allowed. */

export type PrimitiveName = 'null' | 'boolean' | 'int' | 'long' | 'float' | 'double' | 'bytes' | 'string'

/** A JSON value, as a field's default is written in the schema. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue | undefined }

/** A schema, or the name of a primitive type or of a type defined before. */
export type AvroSchema = string | AnnotatedSchema | ContainerSchema | NamedSchema | readonly AvroSchema[]

/** A primitive type written as an object, so that it can carry a logical type. */
export interface AnnotatedSchema {
  readonly type: PrimitiveName
  readonly logicalType?: string
  /** Digits of a `decimal`. */
  readonly precision?: number
  /** Digits of a `decimal` after the point. @defaultValue 0 */
  readonly scale?: number
  /** How a `long` is seen in JavaScript. A `number` beyond ±2^53 is an error, never a rounded value. @defaultValue 'bigint' */
  readonly js?: 'bigint' | 'number'
}

type ContainerSchema = ArraySchema | MapSchema

interface ArraySchema {
  readonly type: 'array'
  readonly items: AvroSchema
}

interface MapSchema {
  readonly type: 'map'
  readonly values: AvroSchema
}

export type NamedSchema = RecordSchema | EnumSchema | FixedSchema

export interface RecordSchema {
  readonly type: 'record'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly aliases?: readonly string[]
  readonly fields: readonly FieldSchema[]
}

export interface FieldSchema {
  readonly name: string
  readonly type: AvroSchema
  /** Makes the field optional when writing. For a union it must fit the first branch. */
  readonly default?: JsonValue
  readonly doc?: string
  readonly aliases?: readonly string[]
  readonly order?: 'ascending' | 'descending' | 'ignore'
}

export interface EnumSchema {
  readonly type: 'enum'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly aliases?: readonly string[]
  readonly symbols: readonly string[]
  /** What a reader makes of a symbol it does not know. */
  readonly default?: string
}

export interface FixedSchema {
  readonly type: 'fixed'
  readonly name: string
  readonly namespace?: string
  readonly doc?: string
  readonly aliases?: readonly string[]
  readonly size: number
  readonly logicalType?: string
  readonly precision?: number
  readonly scale?: number
}
