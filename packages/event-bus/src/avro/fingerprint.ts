/** Parsing Canonical Form and CRC-64-AVRO, as the Avro specification defines them: equal fingerprints mean that bytes are read the same way. */
import type { SchemaNode } from './nodes.ts'

/** The schema without all that does not matter to a parser. Logical types, defaults and aliases are not in it. */
export function canonicalForm(node: SchemaNode): string {
  return render(node, new Set(), false)
}

/**
 * The canonical form with logical types left in. Two schemas that agree in the canonical form and differ here share a fingerprint and mean different
 * things by the same bytes.
 */
export function semanticForm(node: SchemaNode): string {
  return render(node, new Set(), true)
}

/** Of the canonical form, as an unsigned 64-bit integer. */
export function fingerprintOf(node: SchemaNode): bigint {
  return crc64(Buffer.from(canonicalForm(node), 'utf8'))
}

function render(node: SchemaNode, seen: Set<SchemaNode>, withMeaning: boolean): string {
  if (seen.has(node)) return 'name' in node ? JSON.stringify(node.name) : ''
  if ('name' in node) seen.add(node)
  const inner = (child: SchemaNode): string => render(child, seen, withMeaning)
  switch (node.type) {
    case 'record': {
      const fields = node.fields.map((field) => `{"name":${JSON.stringify(field.name)},"type":${inner(field.type)}}`)
      return `{"name":${JSON.stringify(node.name)},"type":"record","fields":[${fields.join(',')}]}`
    }
    case 'enum':
      return `{"name":${JSON.stringify(node.name)},"type":"enum","symbols":${JSON.stringify(node.symbols)}}`
    case 'fixed':
      return `{"name":${JSON.stringify(node.name)},"type":"fixed","size":${node.size}${withMeaning ? meaning(node) : ''}}`
    case 'array':
      return `{"type":"array","items":${inner(node.items)}}`
    case 'map':
      return `{"type":"map","values":${inner(node.values)}}`
    case 'union':
      return `[${node.branches.map(inner).join(',')}]`
    default:
      return withMeaning && node.logicalType !== null ? `{"type":"${node.type}"${meaning(node)}}` : `"${node.type}"`
  }
}

function meaning(node: Extract<SchemaNode, { logicalType: string | null }>): string {
  if (node.logicalType === null) return ''
  const { decimal } = node
  return `,"logicalType":"${node.logicalType}"${decimal === null ? '' : `,"precision":${decimal.precision},"scale":${decimal.scale}`}`
}

const EMPTY = 0xc15d213aa4d7a795n

const TABLE: BigUint64Array = BigUint64Array.from({ length: 256 }, (_, index) => {
  let entry = BigInt(index)
  for (let bit = 0; bit < 8; bit++) entry = (entry >> 1n) ^ (entry & 1n ? EMPTY : 0n)
  return entry
})

function crc64(bytes: Uint8Array): bigint {
  let crc = EMPTY
  for (const byte of bytes) crc = (crc >> 8n) ^ (TABLE[Number(crc & 0xffn) ^ byte] ?? 0n)
  return crc
}
