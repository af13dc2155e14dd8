import { describe, expect, it } from 'vitest'
import type { AvroSchema } from '../../src/avro/schema.ts'
import type { SchemaReference, SchemaStore } from '../../src/avro/schema-store.ts'
import type { RawHeader } from '../../src/driver.ts'
import { RecordUndecodableError, SchemaUnknownError } from '../../src/errors.ts'
import type { AnyEventDefinition } from '../../src/events/define-event.ts'
import { encodeEvent } from '../../src/events/event-codec.ts'
import { createEventDecoder } from '../../src/events/event-decoder.ts'
import {
  cancelled,
  data,
  definitionOf,
  headersOf,
  meta,
  origin,
  placed,
  publishedAs,
  recordOf,
  schemaOf,
} from '../support/published-records.ts'

function storeOf(schemas: Record<string, AvroSchema>): SchemaStore & { asked: SchemaReference[] } {
  const asked: SchemaReference[] = []
  return {
    asked,
    find: (reference) => {
      asked.push(reference)
      const key =
        reference.kind === 'fingerprint'
          ? reference.fingerprint
          : reference.kind === 'registry-id'
            ? reference.id
            : reference.guid
      return Promise.resolve(schemas[String(key)] ?? null)
    },
    announce: () => Promise.resolve(),
  }
}

function confluent(id: number, definition: AnyEventDefinition): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeInt32BE(id, 1)
  return Buffer.concat([prefix, encodeEvent(definition, data, meta).subarray(10)])
}

describe('a schema that the definition does not write', () => {
  const earlier = schemaOf('OrderPlaced')
  const writer = definitionOf('order.placed', earlier)

  it('is read where it is listed as an earlier one', () => {
    const reader = definitionOf('order.placed', placed.schema, [earlier])
    const decoder = createEventDecoder({ definitions: [reader] })
    expect(decoder.decode(publishedAs(writer), origin)).toMatchObject({
      envelope: { data: { orderId: 'o-1', note: null } },
    })
  })

  it('is looked up once and read', async () => {
    const schemas = storeOf({ [String(writer.fingerprint)]: writer.envelopeSchema })
    const decoder = createEventDecoder({ definitions: [placed], schemas })
    await expect(decoder.decode(publishedAs(writer), origin)).resolves.toMatchObject({
      envelope: { data: { orderId: 'o-1', note: null } },
    })
    expect(decoder.decode(publishedAs(writer), origin)).toMatchObject({ kind: 'event' })
    expect(schemas.asked).toEqual([{ kind: 'fingerprint', fingerprint: writer.fingerprint }])
  })

  it('tells the type where headers were dropped', async () => {
    const schemas = storeOf({
      [String(writer.fingerprint)]: writer.envelopeSchema,
      [String(cancelled.fingerprint)]: cancelled.envelopeSchema,
    })
    const decoder = createEventDecoder({ definitions: [placed], schemas })
    await expect(decoder.decode(publishedAs(writer, []), origin)).resolves.toMatchObject({ definition: placed })
    await expect(decoder.decode(publishedAs(cancelled, []), origin)).resolves.toEqual({
      kind: 'unknown-type',
      type: 'shop.OrderCancelledEnvelope',
    })
  })

  it('is a typed error where nobody knows it, asked for again next time', async () => {
    const schemas = storeOf({})
    const decoder = createEventDecoder({ definitions: [placed], schemas })
    const fingerprint = writer.fingerprint.toString(16).padStart(16, '0')
    for (let times = 0; times < 2; times++) {
      const decoded = Promise.resolve(decoder.decode(publishedAs(writer), origin))
      await expect(decoded).rejects.toThrow(SchemaUnknownError)
    }
    await expect(decoder.decode(publishedAs(writer), origin)).rejects.toThrow(`fingerprint ${fingerprint}`)
    expect(schemas.asked).toHaveLength(3)
  })

  it('is a typed error without a store', async () => {
    const decoder = createEventDecoder({ definitions: [placed] })
    await expect(decoder.decode(publishedAs(writer), origin)).rejects.toThrow(SchemaUnknownError)
  })

  it('is undecodable where it cannot be read as the definition’s', async () => {
    const other = definitionOf('order.placed', schemaOf('OrderPlaced', { name: 'note', type: 'int' }))
    const schemas = storeOf({ [String(other.fingerprint)]: other.envelopeSchema })
    const decoder = createEventDecoder({ definitions: [placed], schemas })
    const record = recordOf(encodeEvent(other, { orderId: 'o', note: 1 }, meta), headersOf(placed))
    await expect(decoder.decode(record, origin)).rejects.toThrow(RecordUndecodableError)
    await expect(decoder.decode(record, origin)).rejects.toThrow('note is written as int and read as null or string')
  })

  it('leaves the record in doubt where the store cannot be read', async () => {
    const outage = new Error('the schema topic cannot be read')
    const schemas: SchemaStore = { find: () => Promise.reject(outage), announce: () => Promise.resolve() }
    const decoder = createEventDecoder({ definitions: [placed], schemas })
    await expect(decoder.decode(publishedAs(writer), origin)).rejects.toBe(outage)
  })
})

describe('Confluent framing', () => {
  it('is read by the id that the store maps', async () => {
    const decoder = createEventDecoder({ definitions: [placed], schemas: storeOf({ '12': placed.envelopeSchema }) })
    await expect(decoder.decode(recordOf(confluent(12, placed), headersOf(placed)), origin)).resolves.toMatchObject({
      envelope: { data },
    })
    expect(decoder.decode(recordOf(confluent(12, placed), headersOf(placed)), origin)).toMatchObject({
      envelope: { data },
    })
    await expect(decoder.decode(recordOf(confluent(13, placed), headersOf(placed)), origin)).rejects.toThrow(
      'registry id 13',
    )
  })

  it('is read by the guid in its header', async () => {
    const guid = '89791762-2336-4186-9674-299b90a802e2'
    const header: RawHeader = [
      '__value_schema_id',
      Buffer.concat([Buffer.from([1]), Buffer.from(guid.replaceAll('-', ''), 'hex')]),
    ]
    const decoder = createEventDecoder({ definitions: [placed], schemas: storeOf({ [guid]: placed.envelopeSchema }) })
    const body = encodeEvent(placed, data, meta).subarray(10)
    await expect(decoder.decode(recordOf(body, [header]), origin)).resolves.toMatchObject({
      definition: placed,
      envelope: { data },
    })
  })
})
