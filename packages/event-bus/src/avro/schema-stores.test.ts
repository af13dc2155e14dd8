import { describe, expect, it } from 'vitest'
import { SchemaConflictError, SchemaStoreUnavailableError } from '../errors.ts'
import { confluentRegistry } from './confluent-registry.ts'
import { identityOf } from './known-schemas.ts'
import type { RecordSchema } from './schema.ts'
import { combinedSchemas, staticSchemas } from './static-schemas.ts'

const schema: RecordSchema = {
  type: 'record',
  name: 'A',
  fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } }],
}
const fingerprint = { kind: 'fingerprint', fingerprint: identityOf(schema).fingerprint } as const

describe('static schemas', () => {
  it('are found by fingerprint and by the ids given to them', async () => {
    const store = staticSchemas({ schemas: [schema], registryIds: { 7: 'string' } })
    await expect(store.find(fingerprint)).resolves.toBe(schema)
    await expect(store.find({ kind: 'registry-id', id: 7 })).resolves.toBe('string')
    await expect(store.find({ kind: 'registry-id', id: 8 })).resolves.toBeNull()
    await expect(store.find({ kind: 'registry-guid', guid: '' })).resolves.toBeNull()
  })

  it('must not share a fingerprint and mean different things', () => {
    const other: RecordSchema = {
      ...schema,
      fields: [{ name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } }],
    }
    expect(() => staticSchemas({ schemas: [schema, other] })).toThrow(SchemaConflictError)
  })
})

describe('combined schemas', () => {
  it('are those of the first store that knows', async () => {
    const store = combinedSchemas(staticSchemas({}), staticSchemas({ schemas: [schema] }))
    await expect(store.find(fingerprint)).resolves.toBe(schema)
    await expect(combinedSchemas().find(fingerprint)).resolves.toBeNull()
  })

  it('are announced to every store', async () => {
    const stores = [staticSchemas({}), staticSchemas({})]
    await combinedSchemas(...stores).announce(schema)
    for (const store of stores) await expect(store.find(fingerprint)).resolves.toBe(schema)
  })
})

describe('a registry', () => {
  const asked: string[] = []
  function registryThat(answer: () => Response): ReturnType<typeof confluentRegistry> {
    return confluentRegistry({
      url: 'http://registry/apis/',
      headers: { authorization: 'Basic x' },
      fetch: async (url, init) => {
        asked.push(`${String(url)} ${new Headers(init?.headers).get('authorization') ?? ''}`)
        return answer()
      },
    })
  }
  const answering = (body: unknown) => registryThat(() => Response.json(body))

  it('is asked for the id or guid', async () => {
    const registry = answering({ schema: JSON.stringify(schema) })
    await expect(registry.find({ kind: 'registry-id', id: 12 })).resolves.toEqual(schema)
    await expect(registry.find({ kind: 'registry-guid', guid: 'g' })).resolves.toEqual(schema)
    expect(asked.slice(-2)).toEqual([
      'http://registry/apis/schemas/ids/12 Basic x',
      'http://registry/apis/schemas/guids/g Basic x',
    ])
  })

  it('knows no fingerprints', async () => {
    await expect(answering({}).find(fingerprint)).resolves.toBeNull()
  })

  it.each([
    ['a schema of another language', { schema: '{}', schemaType: 'PROTOBUF' }],
    ['a schema that refers to others', { schema: JSON.stringify(schema), references: [{ name: 'B' }] }],
    ['no schema', { error: 1 }],
    ['no JSON in the schema', { schema: '{' }],
  ])('that answers with %s does not know it', async (_, body) => {
    await expect(answering(body).find({ kind: 'registry-id', id: 1 })).resolves.toBeNull()
  })

  it('does not know what it answers 404 for', async () => {
    const registry = registryThat(() => new Response('', { status: 404 }))
    await expect(registry.find({ kind: 'registry-id', id: 1 })).resolves.toBeNull()
  })

  it('that is in trouble leaves the answer open', async () => {
    const busy = registryThat(() => new Response('', { status: 503 }))
    await expect(busy.find({ kind: 'registry-id', id: 1 })).rejects.toThrow(SchemaStoreUnavailableError)
    const away = registryThat(() => {
      throw new TypeError('fetch failed')
    })
    await expect(away.find({ kind: 'registry-id', id: 1 })).rejects.toThrow(
      'the schema registry cannot be read at http://registry/apis/schemas/ids/1: fetch failed',
    )
  })
})
