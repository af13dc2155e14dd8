import { KnownSchemas } from './known-schemas.ts'
import type { AvroSchema } from './schema.ts'
import type { SchemaStore } from './schema-store.ts'

/**
 * A store of schemas that are given once: those of producers whose events are read and never written here, or the few ids of a registry that is not to be
 * asked while the service runs.
 *
 * @param options.schemas found by their fingerprints. Give whole envelopes (`definition.envelopeSchema`).
 * @param options.registryIds found by their ids in a Confluent-compatible registry.
 */
export function staticSchemas(options: {
  readonly schemas?: readonly AvroSchema[]
  readonly registryIds?: Readonly<Record<number, AvroSchema>>
}): SchemaStore {
  const known = new KnownSchemas()
  for (const schema of options.schemas ?? []) if (!known.has(schema)) known.add(schema)
  const registryIds = new Map(Object.entries(options.registryIds ?? {}))
  return {
    async find(reference) {
      if (reference.kind === 'fingerprint') return known.find(reference.fingerprint)
      return reference.kind === 'registry-id' ? (registryIds.get(String(reference.id)) ?? null) : null
    },
    async announce(schema) {
      if (!known.has(schema)) known.add(schema)
    },
  }
}

/** Asks each store in turn, and announces to all of them. A store that cannot be read leaves the answer open, unless one before it knew. */
export function combinedSchemas(...stores: readonly SchemaStore[]): SchemaStore {
  return {
    async find(reference) {
      for (const store of stores) {
        const schema = await store.find(reference)
        if (schema !== null) return schema
      }
      return null
    },
    async announce(schema) {
      await Promise.all(stores.map((store) => store.announce(schema)))
    },
  }
}
