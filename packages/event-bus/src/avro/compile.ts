import avsc, { type Schema, type Type } from 'avsc'
import type { CompileOptions, Placeholder } from './avsc.ts'
import { ArrayType, EmptyItemsArrayType, MapType } from './container-types.ts'
import {
  DateType,
  DecimalType,
  LocalTimestampType,
  TimeMicrosType,
  TimeMillisType,
  TimestampMicrosType,
  TimestampMillisType,
  UuidFixedType,
  UuidStringType,
} from './logical-types.ts'
import type { FixedNode, NamedNode, PrimitiveNode, SchemaNode, UnionNode } from './nodes.ts'
import { type Kind, kinds } from './representation.ts'
import { BigIntLongType, BytesType, EnumType, FixedType, IntType, NumberLongType, StringType } from './scalar-types.ts'
import { PlainUnionType, TaggedUnionType } from './union-types.ts'

/** The avsc type of a schema that was read without faults. */
export function compileSchema(node: SchemaNode): Type {
  return new Compiler().compile(node)
}

/** Types without parameters are shared by all schemas. */
const SCALARS = {
  null: new avsc.types.NullType(),
  boolean: new avsc.types.BooleanType(),
  int: new IntType(),
  long: new BigIntLongType(),
  'long:number': new NumberLongType(),
  float: new avsc.types.FloatType(),
  double: new avsc.types.DoubleType(),
  bytes: new BytesType(),
  string: new StringType(),
} as const

/**
 * avsc builds a record from the outside in, and asks a hook about every schema inside it. Here each schema given to avsc is an empty placeholder, and
 * the hook builds the type that it stands for.
 */
class Compiler {
  readonly #pending = new Map<unknown, () => Type>()
  readonly #options: CompileOptions = {
    typeHook: (schema) => this.#pending.get(schema)?.(),
    registry: Object.create(null),
    omitRecordMethods: true,
    namespace: '',
  }

  compile(node: SchemaNode): Type {
    switch (node.type) {
      case 'array': {
        const Items = takesBytes(node.items) ? ArrayType : EmptyItemsArrayType
        return new Items({ type: 'array', items: this.#later(node.items) }, this.#options)
      }
      case 'map':
        return new MapType({ type: 'map', values: this.#later(node.values) }, this.#options)
      case 'union':
        return this.#union(node)
      case 'record':
      case 'enum':
      case 'fixed':
        return this.#options.registry[node.name] ?? this.#named(node)
      default:
        return this.#primitive(node)
    }
  }

  #named(node: NamedNode): Type {
    // Names are full, so nothing is to be resolved: the empty namespace says so.
    const names = { name: node.name, namespace: '', aliases: [...node.aliases] }
    switch (node.type) {
      case 'record': {
        const fields = node.fields.map(({ name, aliases, type, default: value }) => ({
          name,
          aliases: [...aliases],
          type: this.#later(type),
          ...(value === undefined ? {} : { default: value }),
        }))
        return new avsc.types.RecordType({ type: 'record', ...names, fields }, this.#options)
      }
      case 'enum':
        return new EnumType(
          {
            type: 'enum',
            ...names,
            symbols: [...node.symbols],
            ...(node.default === undefined ? {} : { default: node.default }),
          },
          this.#options,
        )
      case 'fixed': {
        const schema: Schema = { type: 'fixed', ...names, size: node.size }
        return this.#fixed(node, () => new FixedType(schema, this.#options))
      }
    }
  }

  #fixed(node: FixedNode, build: () => Type): Type {
    switch (node.representation) {
      case 'fixed:decimal':
        return new DecimalType(this.#underlying(node, build), this.#options, {
          precision: node.decimal?.precision ?? 0,
          scale: node.decimal?.scale ?? 0,
          size: node.size,
        })
      case 'fixed:uuid':
        return new UuidFixedType(this.#underlying(node, build), this.#options)
      default:
        return build()
    }
  }

  #primitive(node: PrimitiveNode): Type {
    const on = (type: Type): Placeholder => this.#underlying(node, () => type)
    switch (node.representation) {
      case 'bytes:decimal':
        return new DecimalType(on(SCALARS.bytes), this.#options, {
          precision: node.decimal?.precision ?? 0,
          scale: node.decimal?.scale ?? 0,
          size: null,
        })
      case 'string:uuid':
        return new UuidStringType(on(SCALARS.string), this.#options)
      case 'int:date':
        return new DateType(on(SCALARS.int), this.#options)
      case 'int:time-millis':
        return new TimeMillisType(on(SCALARS.int), this.#options)
      case 'long:time-micros':
        return new TimeMicrosType(on(SCALARS['long:number']), this.#options)
      case 'long:timestamp-millis':
        return new TimestampMillisType(on(SCALARS['long:number']), this.#options)
      case 'long:timestamp-micros':
        return new TimestampMicrosType(on(SCALARS.long), this.#options)
      case 'long:local-timestamp-millis':
        return new LocalTimestampType(on(SCALARS.long), this.#options, 3)
      case 'long:local-timestamp-micros':
        return new LocalTimestampType(on(SCALARS.long), this.#options, 6)
      case 'long:number':
        return SCALARS['long:number']
      default:
        return SCALARS[node.type]
    }
  }

  #union(node: UnionNode): Type {
    const branches = node.branches.map((branch) => this.#later(branch))
    const branchKinds = node.branches.map(kindOfNode)
    return new Set(branchKinds).size === branchKinds.length
      ? new PlainUnionType(branches, branchKinds, this.#options)
      : new TaggedUnionType(branches, this.#options)
  }

  #later(node: SchemaNode): Placeholder {
    return this.#placeholder({ type: 'null' }, () => this.compile(node))
  }

  #underlying(node: PrimitiveNode | FixedNode, build: () => Type): Placeholder {
    return this.#placeholder({ type: 'null', logicalType: node.logicalType ?? '' }, build)
  }

  #placeholder(schema: Placeholder, build: () => Type): Placeholder {
    this.#pending.set(schema, build)
    return schema
  }
}

function kindOfNode(node: SchemaNode): Kind {
  if ('representation' in node) return kinds[node.representation]
  // A union inside a union was reported when the schema was read.
  return node.type === 'union' ? 'object' : kinds[node.type]
}

/** Whether a value takes at least one byte. A record that is being looked at already is taken to need none: the answer is then on the safe side. */
function takesBytes(node: SchemaNode, seen: ReadonlySet<SchemaNode> = new Set()): boolean {
  switch (node.type) {
    case 'null':
      return false
    case 'fixed':
      return node.size > 0
    case 'record':
      return !seen.has(node) && node.fields.some((field) => takesBytes(field.type, new Set([...seen, node])))
    default:
      return true
  }
}
