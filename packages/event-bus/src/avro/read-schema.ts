/** From a schema as written to its graph of nodes, with every fault found on the way. */
import { defaultFault } from './default-value.ts'
import { logicalTypeFault, representationOf } from './logical-annotation.ts'
import { fullNameFault, nameFault, namespaceOf, qualifiedName } from './names.ts'
import type { FieldNode, NamedNode, PrimitiveNode, RecordNode, SchemaNode } from './nodes.ts'
import { branchName } from './nodes.ts'
import type { AvroSchema, EnumSchema, FieldSchema, FixedSchema, NamedSchema, RecordSchema } from './schema.ts'

export interface SchemaFault {
  /** Where in the data: `lines[].price`; empty for the whole. */
  readonly path: string
  readonly message: string
}

export interface SchemaReading {
  readonly node: SchemaNode
  readonly faults: readonly SchemaFault[]
}

/**
 * @param options.annotations `strict` reports logical types that do not fit their base; `lenient` ignores them, as the Avro specification asks of
 * those who read the schemas of others.
 */
export function readSchema(schema: AvroSchema, options: { annotations: 'strict' | 'lenient' }): SchemaReading {
  const reader = new SchemaReader(options.annotations === 'strict')
  const node = reader.read(schema, '', '')
  return { node, faults: reader.faults }
}

/** Takes the place of what could not be read, so that the rest is still looked at. */
const UNREADABLE: PrimitiveNode = { type: 'null', representation: 'null', logicalType: null, decimal: null }

class SchemaReader {
  readonly faults: SchemaFault[] = []
  readonly #named = new Map<string, NamedNode>()
  readonly #strict: boolean

  constructor(strict: boolean) {
    this.#strict = strict
  }

  read(schema: AvroSchema, namespace: string, path: string): SchemaNode {
    if (typeof schema === 'string') return this.#readName(schema, namespace, path)
    if (isUnion(schema)) return this.#readUnion(schema, namespace, path)
    switch (schema?.type) {
      case 'record':
        return this.#readRecord(schema, namespace, path)
      case 'enum':
        return this.#readEnum(schema, namespace, path)
      case 'fixed':
        return this.#readFixed(schema, namespace, path)
      case 'array':
        return { type: 'array', items: this.read(schema.items, namespace, `${path}[]`) }
      case 'map':
        return { type: 'map', values: this.read(schema.values, namespace, `${path}{}`) }
      case 'null':
      case 'boolean':
      case 'int':
      case 'long':
      case 'float':
      case 'double':
      case 'bytes':
      case 'string':
        return { type: schema.type, ...this.#annotation(schema, path) }
      default:
        return this.#fault(path, `has no Avro type: ${preview(schema)}`)
    }
  }

  #readName(name: string, namespace: string, path: string): SchemaNode {
    if (isPrimitive(name)) return { type: name, representation: name, logicalType: null, decimal: null }
    return (
      this.#named.get(qualifiedName(name, namespace)) ??
      this.#fault(path, `has the type "${name}", which is neither a type of Avro nor defined before this place`)
    )
  }

  #readUnion(schema: readonly AvroSchema[], namespace: string, path: string): SchemaNode {
    // Legal in Avro, but no value has such a type.
    if (schema.length === 0 && this.#strict) return this.#fault(path, 'is a union without branches')
    const branches = schema.map((branch) => this.read(branch, namespace, path))
    const names = new Set<string>()
    for (const branch of branches) {
      if (branch.type === 'union') this.#fault(path, 'is a union directly inside a union')
      else if (names.has(branchName(branch)))
        this.#fault(path, `is a union with two branches of type ${branchName(branch)}`)
      names.add(branchName(branch))
    }
    return { type: 'union', branches }
  }

  #readRecord(schema: RecordSchema, enclosing: string, path: string): SchemaNode {
    const fields: FieldNode[] = []
    const node: RecordNode = { type: 'record', ...this.#names(schema, enclosing, path), fields }
    this.#define(node, path)
    if (!Array.isArray(schema.fields)) return this.#fault(path, `is a record without a list of fields`)
    const names = new Set<string>()
    for (const field of schema.fields as readonly FieldSchema[]) {
      const fieldPath = path === '' ? `${field?.name}` : `${path}.${field?.name}`
      const fault = nameFault(field?.name)
      if (fault !== null) {
        this.#fault(fieldPath, `${fault}`)
        continue
      }
      if (names.has(field.name)) this.#fault(fieldPath, 'is defined twice')
      names.add(field.name)
      fields.push(this.#readField(field, namespaceOf(node.name), fieldPath))
    }
    return node
  }

  #readField(field: FieldSchema, namespace: string, path: string): FieldNode {
    const type = this.read(field.type, namespace, path)
    for (const alias of field.aliases ?? []) {
      const fault = nameFault(alias)
      if (fault !== null) this.#fault(path, `has an alias that ${fault}`)
    }
    if (field.default !== undefined) {
      const fault = defaultFault(type, field.default)
      if (fault !== null) this.#fault(path, `has a default that ${fault}`)
    }
    return { name: field.name, aliases: field.aliases ?? [], type, default: field.default }
  }

  #readEnum(schema: EnumSchema, enclosing: string, path: string): SchemaNode {
    const symbols = Array.isArray(schema.symbols) ? (schema.symbols as readonly string[]) : []
    if (symbols.length === 0) this.#fault(path, 'is an enum without symbols')
    for (const symbol of symbols) {
      const fault = nameFault(symbol)
      if (fault !== null) this.#fault(path, `is an enum with a symbol that ${fault}`)
    }
    if (new Set(symbols).size !== symbols.length) this.#fault(path, 'is an enum with the same symbol twice')
    if (schema.default !== undefined && !symbols.includes(schema.default)) {
      this.#fault(path, `is an enum whose default "${schema.default}" is not one of its symbols`)
    }
    const node = { type: 'enum', ...this.#names(schema, enclosing, path), symbols, default: schema.default } as const
    return this.#define(node, path)
  }

  #readFixed(schema: FixedSchema, enclosing: string, path: string): SchemaNode {
    if (!Number.isInteger(schema.size) || schema.size < 0) {
      return this.#fault(path, `is a fixed whose size is ${preview(schema.size)}: a whole number of bytes is needed`)
    }
    const { name, aliases } = this.#names(schema, enclosing, path)
    const node = { type: 'fixed', name, aliases, size: schema.size, ...this.#annotation(schema, path) } as const
    return this.#define(node, path)
  }

  #annotation(schema: Parameters<typeof representationOf>[0], path: string): Omit<PrimitiveNode, 'type'> {
    const fault = logicalTypeFault(schema)
    if (fault !== null && this.#strict) this.#fault(path, fault)
    const representation = fault === null ? representationOf(schema) : schema.type
    const isDecimal = representation === 'bytes:decimal' || representation === 'fixed:decimal'
    return {
      representation,
      logicalType: representation === `${schema.type}:${schema.logicalType}` ? (schema.logicalType ?? null) : null,
      decimal: isDecimal ? { precision: schema.precision ?? 0, scale: schema.scale ?? 0 } : null,
    }
  }

  #names(schema: NamedSchema, enclosing: string, path: string): { name: string; aliases: readonly string[] } {
    const fault = fullNameFault(schema.name) ?? (schema.namespace ? fullNameFault(schema.namespace) : null)
    if (fault !== null) this.#fault(path, `is of type ${schema.type} and ${fault}`)
    const name = qualifiedName(String(schema.name), schema.namespace ?? enclosing)
    if (isPrimitive(name)) this.#fault(path, `gives the name of Avro's own type "${name}" to another`)
    return { name, aliases: (schema.aliases ?? []).map((alias) => qualifiedName(alias, namespaceOf(name))) }
  }

  #define<N extends NamedNode>(node: N, path: string): N {
    if (this.#named.has(node.name)) this.#fault(path, `defines "${node.name}" a second time: refer to it by its name`)
    this.#named.set(node.name, node)
    return node
  }

  #fault(path: string, message: string): SchemaNode {
    this.faults.push({ path, message })
    return UNREADABLE
  }
}

function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema)
}

const PRIMITIVES: ReadonlySet<string> = new Set([
  'null',
  'boolean',
  'int',
  'long',
  'float',
  'double',
  'bytes',
  'string',
])

function isPrimitive(name: string): name is PrimitiveNode['type'] {
  return PRIMITIVES.has(name)
}

function preview(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 60)
}
