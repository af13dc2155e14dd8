import {
  combinedSchemas,
  confluentRegistry,
  createValueDecoder,
  type Driver,
  type RawRecord,
  SCHEMA_TOPIC,
  type SchemaStore,
  topicSchemas,
} from '@tributary/event-bus'
import type { Definitions } from '../topics/load-definitions.ts'

/** A value as far as it can be read: never a failure, for the one that cannot be read is the one that is looked for. */
export type DecodedValue = { readonly decoded: unknown } | { readonly decoded: null; readonly why: string }

/**
 * Decodes by the schemas of a module's events, of the cluster's schema topic where there is one, and of a registry where one is named.
 *
 * @param registry - base address, as of `confluentRegistry`.
 */
export async function valueReader(
  driver: Driver,
  existingTopics: readonly string[],
  { definitions, registry }: { readonly definitions: Definitions | null; readonly registry: string | undefined },
): Promise<(record: Pick<RawRecord, 'value' | 'headers'>) => Promise<DecodedValue>> {
  const stores: SchemaStore[] = []
  if (existingTopics.includes(SCHEMA_TOPIC)) stores.push(topicSchemas({ driver }))
  if (registry !== undefined) stores.push(confluentRegistry({ url: registry }))
  const decode = createValueDecoder({ definitions: definitions?.events ?? [], schemas: combinedSchemas(...stores) })
  return async (record) => {
    if (record.value === null) return { decoded: null, why: 'there is no value' }
    try {
      const decoded = await decode(record)
      return decoded === null ? { decoded, why: 'it names no schema' } : { decoded: printable(decoded) }
    } catch (error) {
      return { decoded: null, why: error instanceof Error ? error.message : String(error) }
    }
  }
}

/** As JSON can have it: bytes in hex, and whole numbers that JSON cannot hold as strings. */
function printable(value: unknown): unknown {
  if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? String(value) : value.toISOString()
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(printable)
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, item]) => [String(key), printable(item)]))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, printable(item)]))
}
