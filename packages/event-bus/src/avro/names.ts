/** Avro's rules for names. */

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

// A field or type with such a name would be found on every JavaScript object, whether it is there or not.
const RESERVED: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype))

/** What is wrong with a simple name; null when nothing is. */
export function nameFault(name: unknown): string | null {
  if (typeof name !== 'string' || name === '') return 'has no name'
  if (!NAME.test(name))
    return `has the name "${name}", but Avro names are letters, digits and _, and do not start with a digit`
  if (RESERVED.has(name)) return `has the name "${name}", which every JavaScript object has already: choose another`
  return null
}

/** What is wrong with a name that may have a namespace before it; null when nothing is. */
export function fullNameFault(name: unknown): string | null {
  if (typeof name !== 'string' || name === '') return 'has no name'
  for (const part of name.split('.')) {
    const fault = nameFault(part)
    if (fault !== null) return part === name ? fault : `${fault} (in "${name}")`
  }
  return null
}

/** A dot in the name says that it is full already. */
export function qualifiedName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

export function namespaceOf(fullName: string): string {
  return fullName.slice(0, Math.max(0, fullName.lastIndexOf('.')))
}

export function simpleName(fullName: string): string {
  return fullName.slice(fullName.lastIndexOf('.') + 1)
}
