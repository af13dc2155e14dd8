import type { SchemaNode } from './nodes.ts'
import type { JsonValue } from './schema.ts'

/** Why a JSON value cannot be the default of a field; null when it can. Bytes are written as text of code points up to 255. */
export function defaultFault(node: SchemaNode, value: JsonValue | undefined): string | null {
  switch (node.type) {
    case 'null':
      return value === null ? null : expected('null', value)
    case 'boolean':
      return typeof value === 'boolean' ? null : expected('a boolean', value)
    case 'int':
      return typeof value === 'number' && (value | 0) === value ? null : expected('a 32-bit integer', value)
    case 'long':
      return Number.isSafeInteger(value) ? null : expected('an integer within ±2^53', value)
    case 'float':
    case 'double':
      return typeof value === 'number' ? null : expected('a number', value)
    case 'string':
      return typeof value === 'string' ? null : expected('a string', value)
    case 'bytes':
      return isBinaryText(value) ? null : expected('a string of code points up to 255', value)
    case 'fixed':
      return isBinaryText(value) && value.length === node.size
        ? null
        : expected(`a string of ${node.size} code points up to 255`, value)
    case 'enum':
      return typeof value === 'string' && node.symbols.includes(value)
        ? null
        : expected(`one of ${node.symbols.join(', ')}`, value)
    case 'array':
      return Array.isArray(value)
        ? firstFault(value.map((item: JsonValue) => defaultFault(node.items, item)))
        : expected('an array', value)
    case 'map':
      return isObject(value)
        ? firstFault(Object.values(value).map((item) => defaultFault(node.values, item)))
        : expected('an object', value)
    case 'record':
      return isObject(value)
        ? firstFault(
            node.fields.map((field) =>
              value[field.name] === undefined && field.default !== undefined
                ? null
                : defaultFault(field.type, value[field.name]),
            ),
          )
        : expected('an object', value)
    case 'union': {
      const [first] = node.branches
      const fault = first === undefined ? null : defaultFault(first, value)
      return fault === null ? null : `${fault}; the default of a union must fit its first branch`
    }
  }
}

function expected(what: string, value: JsonValue | undefined): string {
  return `must be ${what}, not ${JSON.stringify(value)}`
}

function firstFault(faults: readonly (string | null)[]): string | null {
  return faults.find((fault) => fault !== null) ?? null
}

function isBinaryText(value: JsonValue | undefined): value is string {
  return typeof value === 'string' && Buffer.from(value, 'latin1').toString('latin1') === value
}

function isObject(value: JsonValue | undefined): value is { readonly [key: string]: JsonValue | undefined } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
