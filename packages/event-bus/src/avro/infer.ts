/**
 * TypeScript types of Avro schema literals. No code is generated: `ReadValue<typeof schema>` is the type itself.
 *
 * Named types are collected first (`Definitions`), with the namespace they stand in, so that a reference resolves wherever the definition is.
 * Record fields are mapped types, which TypeScript expands only when they are looked at: a record may refer to itself.
 */
import type { Kinds, Representation, Representations } from './representation.ts'
import type { AvroSchema, FieldSchema, PrimitiveName } from './schema.ts'

/** What a reader gets: every field is present. `unknown` when the schema is not a literal. */
export type ReadValue<S extends AvroSchema> = Value<S, '', Definitions<S, ''>, 'read'>

/** What a writer gives: fields with a default are optional, bytes may be any Uint8Array. */
export type WriteValue<S extends AvroSchema> = Value<S, '', Definitions<S, ''>, 'write'>

/** Stands where a schema names a type that it does not define. */
export interface UndefinedAvroType<Name extends string> {
  readonly undefinedAvroType: Name
}

type Mode = 'read' | 'write'

/** A named type, and the namespace it was written in. */
interface Definition {
  name: string
  schema: unknown
  namespace: string
}

// ── names ──

type NamespaceOf<Name extends string> = Name extends `${infer Head}.${infer Tail}`
  ? Tail extends `${string}.${string}`
    ? `${Head}.${NamespaceOf<Tail>}`
    : Head
  : ''

type Qualified<Name extends string, Namespace extends string> = Name extends `${string}.${string}`
  ? Name
  : Namespace extends ''
    ? Name
    : `${Namespace}.${Name}`

type OwnNamespace<S, Enclosing extends string> = S extends { readonly namespace: infer N extends string }
  ? N
  : Enclosing

type FullName<S, Enclosing extends string> = S extends { readonly name: infer N extends string }
  ? Qualified<N, OwnNamespace<S, Enclosing>>
  : never

/** The namespace that the fields of a record stand in. */
type InnerNamespace<S, Enclosing extends string> = S extends { readonly name: `${string}.${string}` }
  ? NamespaceOf<S['name']>
  : OwnNamespace<S, Enclosing>

/** Every named type in a schema, as a union of `Definition`s. A schema that is no literal would go on for ever, and says nothing. */
type Definitions<S, Namespace extends string> = [AvroSchema] extends [S] ? never : EachDefinition<S, Namespace>

type EachDefinition<S, Namespace extends string> = S extends string
  ? never
  : S extends readonly (infer Branch)[]
    ? Definitions<Branch, Namespace>
    : S extends { readonly type: 'record'; readonly fields: readonly (infer Field)[] }
      ? number extends S['fields']['length']
        ? never
        :
            | { name: FullName<S, Namespace>; schema: S; namespace: Namespace }
            | FieldDefinitions<Field, InnerNamespace<S, Namespace>>
      : S extends { readonly type: 'enum' | 'fixed' }
        ? { name: FullName<S, Namespace>; schema: S; namespace: Namespace }
        : S extends { readonly type: 'array'; readonly items: infer Items }
          ? Definitions<Items, Namespace>
          : S extends { readonly type: 'map'; readonly values: infer Values }
            ? Definitions<Values, Namespace>
            : never

type FieldDefinitions<Field, Namespace extends string> = Field extends { readonly type: infer T }
  ? Definitions<T, Namespace>
  : never

type Find<Defs, Name extends string> = Extract<Defs, { name: Name }>

// ── values ──

type Value<S, Namespace extends string, Defs, M extends Mode> = [AvroSchema] extends [S]
  ? unknown
  : EachValue<S, Namespace, Defs, M>

type EachValue<S, Namespace extends string, Defs, M extends Mode> = S extends string
  ? Reference<S, Namespace, Defs, M>
  : S extends readonly unknown[]
    ? Union<S, Namespace, Defs, M>
    : S extends { readonly type: 'record'; readonly fields: infer Fields extends readonly FieldSchema[] }
      ? number extends Fields['length']
        ? unknown
        : RecordValue<Fields[number], InnerNamespace<S, Namespace>, Defs, M>
      : S extends { readonly type: 'enum'; readonly symbols: readonly (infer Symbol)[] }
        ? Symbol
        : S extends { readonly type: 'array'; readonly items: infer Items }
          ? readonly Value<Items, Namespace, Defs, M>[]
          : S extends { readonly type: 'map'; readonly values: infer Values }
            ? { readonly [key: string]: Value<Values, Namespace, Defs, M> }
            : Represented<RepresentationOf<S>, M>

type Reference<Name extends string, Namespace extends string, Defs, M extends Mode> = string extends Name
  ? unknown
  : Name extends PrimitiveName
    ? Represented<Name, M>
    : Find<Defs, Qualified<Name, Namespace>> extends infer Found
      ? [Found] extends [never]
        ? UndefinedAvroType<Name>
        : Found extends Definition
          ? Value<Found['schema'], Found['namespace'], Defs, M>
          : never
      : never

type Represented<R, M extends Mode> = R extends Representation
  ? Representations[R] extends Buffer
    ? M extends 'read'
      ? Buffer
      : Uint8Array
    : Representations[R]
  : unknown

/** The key of an annotated primitive or a fixed in the table of representations; a logical type that does not fit its base is ignored. */
type RepresentationOf<S> = S extends { readonly type: infer T extends string }
  ? S extends { readonly logicalType: infer L extends string }
    ? `${T}:${L}` extends Representation
      ? `${T}:${L}`
      : PlainRepresentation<S, T>
    : PlainRepresentation<S, T>
  : never

type PlainRepresentation<S, T extends string> = S extends { readonly type: 'long'; readonly js: 'number' }
  ? 'long:number'
  : T

type RecordValue<Field extends FieldSchema, Namespace extends string, Defs, M extends Mode> = M extends 'read'
  ? { readonly [F in Field as F['name']]: Value<F['type'], Namespace, Defs, M> }
  : Flat<
      { readonly [F in WithoutDefault<Field> as F['name']]: Value<F['type'], Namespace, Defs, M> } & {
        readonly [F in WithDefault<Field> as F['name']]?: Value<F['type'], Namespace, Defs, M> | undefined
      }
    >

type WithDefault<Field> = Field extends { readonly default: unknown } ? Field : never
type WithoutDefault<Field> = Field extends { readonly default: unknown } ? never : Field
type Flat<T> = { readonly [K in keyof T]: T[K] }

// ── unions ──

type Union<
  Branches extends readonly unknown[],
  Namespace extends string,
  Defs,
  M extends Mode,
> = number extends Branches['length']
  ? unknown
  : HaveDistinctKinds<Branches, Namespace, Defs> extends true
    ? Value<Branches[number], Namespace, Defs, M>
    : Tagged<Branches[number], Namespace, Defs, M>

type HaveDistinctKinds<Branches, Namespace extends string, Defs, Seen = never> = Branches extends readonly [
  infer Branch,
  ...infer Rest,
]
  ? KindOf<Branch, Namespace, Defs> extends Seen
    ? false
    : HaveDistinctKinds<Rest, Namespace, Defs, Seen | KindOf<Branch, Namespace, Defs>>
  : true

type KindOf<S, Namespace extends string, Defs> = S extends string
  ? S extends PrimitiveName
    ? Kinds[S]
    : KindOf<Find<Defs, Qualified<S, Namespace>> extends { schema: infer Found } ? Found : never, Namespace, Defs>
  : S extends { readonly type: 'record' | 'enum' | 'array' | 'map' }
    ? Kinds[S['type']]
    : RepresentationOf<S> extends infer R extends Representation
      ? Kinds[R]
      : never

type Tagged<Branch, Namespace extends string, Defs, M extends Mode> = Branch extends 'null' | { readonly type: 'null' }
  ? null
  : { readonly [Tag in TagOf<Branch, Namespace>]: Value<Branch, Namespace, Defs, M> }

/** The tag of a branch: the full name of a named type, else the name of the Avro type. */
type TagOf<S, Namespace extends string> = S extends string
  ? S extends PrimitiveName
    ? S
    : Qualified<S, Namespace>
  : S extends { readonly name: string }
    ? FullName<S, Namespace>
    : S extends { readonly type: infer T extends string }
      ? T
      : never
