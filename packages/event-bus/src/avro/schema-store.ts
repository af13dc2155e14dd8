import type { AvroSchema, RecordSchema } from './schema.ts'

/** How a record names the schema that wrote it. */
export type SchemaReference =
  | { readonly kind: 'fingerprint'; readonly fingerprint: bigint }
  | { readonly kind: 'registry-id'; readonly id: number }
  | { readonly kind: 'registry-guid'; readonly guid: string }

/**
 * Where schemas are found that no definition at hand lists. Asked only when a schema is met for the first time; whoever asks remembers the answer
 * when there is one.
 */
export interface SchemaStore {
  /**
   * The writer's schema; null when it is certain that the store does not have it now.
   *
   * Rejects when the store cannot be read at present: whether the record can be read is then not known, and it must not be given up.
   */
  find(reference: SchemaReference): Promise<AvroSchema | null>
  /**
   * Makes a schema known to whoever may meet it. Resolves when it is stored for good: only then may the first record that names it be written.
   * Announcing a schema again is cheap.
   */
  announce(schema: RecordSchema): Promise<void>
}

/** A printable name of a reference, and a key to remember it by. */
export function referenceText(reference: SchemaReference): string {
  switch (reference.kind) {
    case 'fingerprint':
      return `fingerprint ${reference.fingerprint.toString(16).padStart(16, '0')}`
    case 'registry-id':
      return `registry id ${reference.id}`
    case 'registry-guid':
      return `registry guid ${reference.guid}`
  }
}
