/** Says where a value does not fit its schema. Only after writing has failed: it walks the whole value. */
import type { Type } from 'avsc'

export interface ValueFault {
  /** `lines[0].price`; empty for the value itself. */
  readonly path: string
  /** `must be a long (bigint), not the number 5`. */
  readonly message: string
}

export function firstFault(type: Type, value: unknown): ValueFault | null {
  let found: ValueFault | null = null
  try {
    type.isValid(value, {
      errorHook: (path, wrong, expected) => {
        found ??= { path: pathText(path), message: `must be ${expectation(expected)}, not ${preview(wrong)}` }
      },
    })
  } catch (error) {
    // A value that refers to itself, or whose getters throw.
    return { path: '', message: `cannot be looked at: ${error instanceof Error ? error.message : String(error)}` }
  }
  return found
}

/** Where and what, in one sentence. */
export function describeFault(fault: ValueFault): string {
  return fault.path === '' ? `the data ${fault.message}` : `${fault.path} ${fault.message}`
}

function pathText(path: readonly string[]): string {
  return path.map((part, index) => (/^\d+$/.test(part) ? `[${part}]` : index === 0 ? part : `.${part}`)).join('')
}

const EXPECTATIONS: Readonly<Record<string, string>> = {
  null: 'null',
  boolean: 'a boolean',
  int: 'a whole number of 32 bits',
  'abstract:long': 'a bigint of 64 bits',
  long: 'a whole number within ±2^53',
  float: 'a number',
  double: 'a number',
  string: 'a string of whole characters (no lone surrogates)',
  bytes: 'a Uint8Array',
  array: 'an array',
  map: 'a plain object',
  'logical:decimal': 'a decimal as text, within its precision and scale',
  'logical:uuid': 'a uuid as text',
  'logical:date': "a day as 'YYYY-MM-DD'",
  'logical:time-millis': "a time of day as 'HH:MM:SS.mmm'",
  'logical:time-micros': "a time of day as 'HH:MM:SS.mmmuuu'",
  'logical:timestamp-millis': 'a valid Date',
  'logical:timestamp-micros': 'a bigint of microseconds',
  'logical:local-timestamp-millis': "a local time as 'YYYY-MM-DDTHH:MM:SS.mmm'",
  'logical:local-timestamp-micros': "a local time as 'YYYY-MM-DDTHH:MM:SS.mmmuuu'",
}

function expectation(type: Type): string {
  const { typeName } = type
  const plain = EXPECTATIONS[typeName]
  if (plain !== undefined) return plain
  if ('symbols' in type && Array.isArray(type.symbols)) return `one of ${type.symbols.join(', ')}`
  if ('size' in type) return `a Uint8Array of ${Number(type.size)} bytes`
  if ('types' in type && Array.isArray(type.types)) {
    const branches = type.types.map((branch: Type) => branch.branchName ?? branch.typeName)
    return typeName === 'union:wrapped'
      ? `null or one of ${branches.map((name) => `{ '${name}': … }`).join(', ')}`
      : branches.join(' or ')
  }
  return `an object (${type.name ?? typeName})`
}

/** Enough to recognise the value, and little enough for a log. */
function preview(value: unknown): string {
  if (value === undefined) return 'undefined (is the field missing?)'
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value)
  if (typeof value === 'bigint') return `the bigint ${value}`
  if (typeof value === 'number') return `the number ${value}`
  if (typeof value === 'object' && value !== null)
    return Array.isArray(value) ? 'an array' : `an object (${value.constructor?.name ?? 'no class'})`
  return typeof value === 'boolean' || value === null ? String(value) : `a ${typeof value}`
}
