import { SchemaConflictError } from '../errors.ts'
import type { AnyEventDefinition } from './define-event.ts'

/**
 * Refuses definitions whose schemas no reader could tell apart: one fingerprint, different logical types. A subscription checks its own events; give a test
 * all events of a system.
 *
 * @throws {SchemaConflictError} naming both events.
 */
export function assertNoSchemaConflicts(definitions: readonly AnyEventDefinition[]): void {
  const meanings = new Map<bigint, { type: string; meaning: string }>()
  for (const { type, codec } of definitions) {
    for (const [fingerprint, meaning] of codec.meanings) {
      const known = meanings.get(fingerprint)
      if (known !== undefined && known.meaning !== meaning) {
        throw new SchemaConflictError(
          `the events "${known.type}" and "${type}" have schemas of one name that differ only in logical types: no reader could tell which of the two wrote a record; rename the record of one`,
        )
      }
      meanings.set(fingerprint, { type, meaning })
    }
  }
}
