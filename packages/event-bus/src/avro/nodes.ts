import type { Representation } from './representation.ts'
import type { JsonValue, PrimitiveName } from './schema.ts'

/**
 * A schema with everything said: full names, references replaced by what they refer to, defaults checked. Recursive schemas are cyclic graphs,
 * so whoever walks one remembers the named nodes that it has seen.
 */
export type SchemaNode = PrimitiveNode | FixedNode | EnumNode | RecordNode | ArrayNode | MapNode | UnionNode

export type NamedNode = FixedNode | EnumNode | RecordNode

interface Decimal {
  readonly precision: number
  readonly scale: number
}

export interface PrimitiveNode {
  readonly type: PrimitiveName
  readonly representation: Representation
  readonly logicalType: string | null
  /** Only of a decimal. */
  readonly decimal: Decimal | null
}

export interface FixedNode {
  readonly type: 'fixed'
  readonly name: string
  readonly aliases: readonly string[]
  readonly size: number
  readonly representation: Representation
  readonly logicalType: string | null
  /** Only of a decimal. */
  readonly decimal: Decimal | null
}

export interface EnumNode {
  readonly type: 'enum'
  readonly name: string
  readonly aliases: readonly string[]
  readonly symbols: readonly string[]
  readonly default: string | undefined
}

export interface RecordNode {
  readonly type: 'record'
  readonly name: string
  readonly aliases: readonly string[]
  /** Filled after the node was made, so that fields can refer to it. */
  readonly fields: readonly FieldNode[]
}

export interface FieldNode {
  readonly name: string
  readonly aliases: readonly string[]
  readonly type: SchemaNode
  readonly default: JsonValue | undefined
}

interface ArrayNode {
  readonly type: 'array'
  readonly items: SchemaNode
}

interface MapNode {
  readonly type: 'map'
  readonly values: SchemaNode
}

export interface UnionNode {
  readonly type: 'union'
  readonly branches: readonly SchemaNode[]
}

/** The name of a branch of a union: the full name of a named type, else the Avro type. */
export function branchName(node: SchemaNode): string {
  return 'name' in node ? node.name : node.type
}
