/** Whether what one schema wrote can be read as another: the rules of schema resolution in the Avro specification, checked before any byte is read. */
import type { EnumNode, FixedNode, NamedNode, PrimitiveNode, RecordNode, SchemaNode, UnionNode } from './nodes.ts'
import { branchName } from './nodes.ts'

export interface Incompatibility {
  /** Where in the reader's data: `lines[].price`; empty for the whole. */
  readonly path: string
  readonly message: string
}

/** The first reason why a writer's data may not be readable; null when it always is. */
export function incompatibility(reader: SchemaNode, writer: SchemaNode): Incompatibility | null {
  return check(reader, writer, '', new Set())
}

/** Pairs of records that are being compared, or were: asked for again inside themselves, they are taken to agree. */
type Compared = Set<string>

function check(reader: SchemaNode, writer: SchemaNode, path: string, compared: Compared): Incompatibility | null {
  // Whatever the writer may have chosen must be readable.
  if (writer.type === 'union') {
    for (const branch of writer.branches) {
      const found = check(reader, branch, path, compared)
      if (found !== null) return found
    }
    return null
  }
  if (reader.type === 'union') return checkUnion(reader, writer, path, compared)
  switch (reader.type) {
    case 'record':
      return writer.type === 'record' ? checkRecord(reader, writer, path, compared) : differs(reader, writer, path)
    case 'enum':
      return writer.type === 'enum' ? checkEnum(reader, writer, path) : differs(reader, writer, path)
    case 'fixed':
      return writer.type === 'fixed' ? checkFixed(reader, writer, path) : differs(reader, writer, path)
    case 'array':
      return writer.type === 'array'
        ? check(reader.items, writer.items, `${path}[]`, compared)
        : differs(reader, writer, path)
    case 'map':
      return writer.type === 'map'
        ? check(reader.values, writer.values, `${path}{}`, compared)
        : differs(reader, writer, path)
    default:
      return 'representation' in writer && writer.type !== 'fixed'
        ? checkPrimitive(reader, writer, path)
        : differs(reader, writer, path)
  }
}

/** A reader's union takes the branch of the same name, else the first that can read what was written. */
function checkUnion(reader: UnionNode, writer: SchemaNode, path: string, compared: Compared): Incompatibility | null {
  const same = reader.branches.find((branch) => branchName(branch) === branchName(writer))
  if (same !== undefined) return check(same, writer, path, compared)
  const isReadable = reader.branches.some((branch) => check(branch, writer, path, new Set(compared)) === null)
  return isReadable ? null : differs(reader, writer, path)
}

function checkRecord(reader: RecordNode, writer: RecordNode, path: string, compared: Compared): Incompatibility | null {
  const pair = `${reader.name} ${writer.name}`
  if (compared.has(pair)) return null
  compared.add(pair)
  const renamed = checkName(reader, writer, path)
  if (renamed !== null) return renamed
  for (const field of reader.fields) {
    const fieldPath = path === '' ? field.name : `${path}.${field.name}`
    const names = [field.name, ...field.aliases]
    const written = writer.fields.filter(({ name }) => names.includes(name))
    const [match] = written
    if (written.length > 1)
      return { path: fieldPath, message: `is written twice, as ${written.map(({ name }) => name).join(' and ')}` }
    if (match === undefined) {
      if (field.default === undefined) return { path: fieldPath, message: 'is not written and has no default' }
      continue
    }
    const found = check(field.type, match.type, fieldPath, compared)
    if (found !== null) return found
  }
  return null
}

function checkEnum(reader: EnumNode, writer: EnumNode, path: string): Incompatibility | null {
  const unknown = writer.symbols.filter((symbol) => !reader.symbols.includes(symbol))
  if (unknown.length > 0 && reader.default === undefined) {
    return {
      path,
      message: `may be written as ${unknown.join(', ')}, which the reader's enum does not have, and it has no default`,
    }
  }
  return checkName(reader, writer, path)
}

function checkFixed(reader: FixedNode, writer: FixedNode, path: string): Incompatibility | null {
  if (reader.size !== writer.size)
    return { path, message: `is written with ${writer.size} bytes and read with ${reader.size}` }
  return checkName(reader, writer, path) ?? checkMeaning(reader, writer, path)
}

/** What each type may be read as besides itself. */
const PROMOTIONS: Readonly<Partial<Record<SchemaNode['type'], readonly SchemaNode['type'][]>>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

function checkPrimitive(reader: PrimitiveNode, writer: PrimitiveNode, path: string): Incompatibility | null {
  if (reader.type !== writer.type && !PROMOTIONS[writer.type]?.includes(reader.type))
    return differs(reader, writer, path)
  return checkMeaning(reader, writer, path)
}

/**
 * The specification leaves a difference in logical types to the reader. Reading microseconds as milliseconds, or cents as mills, would be a wrong value
 * without an error; giving or taking away a logical type is allowed.
 */
function checkMeaning(
  reader: PrimitiveNode | FixedNode,
  writer: PrimitiveNode | FixedNode,
  path: string,
): Incompatibility | null {
  if (reader.logicalType === null || writer.logicalType === null) return null
  if (reader.logicalType !== writer.logicalType) {
    return { path, message: `is written as ${writer.logicalType} and read as ${reader.logicalType}` }
  }
  if (reader.decimal !== null && writer.decimal !== null && reader.decimal.scale !== writer.decimal.scale) {
    return {
      path,
      message: `is written with scale ${writer.decimal.scale} and read with scale ${reader.decimal.scale}`,
    }
  }
  return null
}

function checkName(reader: NamedNode, writer: NamedNode, path: string): Incompatibility | null {
  if (reader.name === writer.name || reader.aliases.includes(writer.name)) return null
  return { path, message: `is written as ${writer.name} and read as ${reader.name}, which does not have that alias` }
}

function differs(reader: SchemaNode, writer: SchemaNode, path: string): Incompatibility {
  return { path, message: `is written as ${typeText(writer)} and read as ${typeText(reader)}` }
}

function typeText(node: SchemaNode): string {
  return node.type === 'union' ? node.branches.map(branchName).join(' or ') : branchName(node)
}
