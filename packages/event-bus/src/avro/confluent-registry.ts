import { SchemaStoreUnavailableError } from '../errors.ts'
import type { AvroSchema } from './schema.ts'
import type { SchemaReference, SchemaStore } from './schema-store.ts'

export interface ConfluentRegistryOptions {
  /** Base address: `http://registry:8081`, or with a path, as Apicurio has it: `http://registry:8080/apis/ccompat/v7`. */
  readonly url: string
  /** Sent with every request: `{ authorization: 'Basic …' }`. */
  readonly headers?: Readonly<Record<string, string>>
  /** How long one request may take, in milliseconds. @defaultValue 10,000 */
  readonly timeoutMs?: number
  /** @defaultValue the global `fetch` */
  readonly fetch?: typeof fetch
}

/**
 * A store that reads schemas by their ids from a registry with Confluent's interface, for events that other producers wrote with its framing. Announcing does
 * nothing: events published here name their schemas by fingerprint. Schemas that refer to others in the registry are not known to it.
 */
export function confluentRegistry(options: ConfluentRegistryOptions): SchemaStore {
  const base = options.url.replace(/\/+$/, '')
  return {
    async find(reference) {
      const path = pathOf(reference)
      if (path === null) return null
      const body = await request(`${base}${path}`, options)
      return body === null ? null : schemaIn(body)
    },
    announce: () => Promise.resolve(),
  }
}

function pathOf(reference: SchemaReference): string | null {
  switch (reference.kind) {
    case 'registry-id':
      return `/schemas/ids/${reference.id}`
    case 'registry-guid':
      return `/schemas/guids/${reference.guid}`
    case 'fingerprint':
      return null
  }
}

/** The answer's body; null when the registry says that there is no such schema. */
async function request(url: string, options: ConfluentRegistryOptions): Promise<unknown> {
  try {
    const response = await (options.fetch ?? fetch)(url, {
      headers: { accept: 'application/vnd.schemaregistry.v1+json', ...options.headers },
      signal: AbortSignal.timeout(options.timeoutMs ?? 10_000),
    })
    if (response.ok) return await response.json()
    if (response.status === 404) return null
    throw new Error(`it answered ${response.status} ${response.statusText}`)
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new SchemaStoreUnavailableError(`the schema registry cannot be read at ${url}: ${reason}`, { cause })
  }
}

function schemaIn(body: unknown): AvroSchema | null {
  if (typeof body !== 'object' || body === null || !('schema' in body) || typeof body.schema !== 'string') return null
  if ('schemaType' in body && body.schemaType !== 'AVRO') return null
  if ('references' in body && Array.isArray(body.references) && body.references.length > 0) return null
  try {
    return JSON.parse(body.schema)
  } catch {
    // A bare name of a type is allowed, and is no JSON.
    return null
  }
}
