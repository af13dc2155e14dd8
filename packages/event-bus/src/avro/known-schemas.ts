import { SchemaConflictError } from '../errors.ts'
import { fingerprintOf, semanticForm } from './fingerprint.ts'
import { readSchema } from './read-schema.ts'
import type { AvroSchema } from './schema.ts'

/** Schemas by fingerprint. Of two that share one, the first stays. */
export class KnownSchemas {
  readonly #byFingerprint = new Map<bigint, { readonly schema: AvroSchema; readonly meaning: string }>()

  find(fingerprint: bigint): AvroSchema | null {
    return this.#byFingerprint.get(fingerprint)?.schema ?? null
  }

  /** Whether this very schema is known. @throws {SchemaConflictError} when one is that shares its fingerprint and means something else */
  has(schema: AvroSchema): boolean {
    const { fingerprint, meaning } = identityOf(schema)
    const known = this.#byFingerprint.get(fingerprint)
    if (known !== undefined && known.meaning !== meaning) {
      throw new SchemaConflictError(
        `the schema ${nameOf(schema)} has the fingerprint of one that is known already and differs in logical types: no reader could tell which of the two wrote a record; give its record another name`,
      )
    }
    return known !== undefined
  }

  add(schema: AvroSchema): void {
    const { fingerprint, meaning } = identityOf(schema)
    if (!this.#byFingerprint.has(fingerprint)) this.#byFingerprint.set(fingerprint, { schema, meaning })
  }
}

/** What a schema is known by, and what tells it from others that are known by the same. @throws Error for what is no schema */
export function identityOf(schema: AvroSchema): { readonly fingerprint: bigint; readonly meaning: string } {
  const { node, faults } = readSchema(schema, { annotations: 'lenient' })
  const [fault] = faults
  if (fault !== undefined) throw new Error(`not a schema: ${fault.path} ${fault.message}`)
  return { fingerprint: fingerprintOf(node), meaning: semanticForm(node) }
}

function nameOf(schema: AvroSchema): string {
  return typeof schema === 'object' && 'name' in schema ? `"${schema.name}"` : JSON.stringify(schema).slice(0, 80)
}
