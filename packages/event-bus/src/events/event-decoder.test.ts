import { describe, expect, it } from 'vitest'
import type { AvroSchema, FieldSchema, RecordSchema } from '../avro/schema.ts'
import type { SchemaReference, SchemaStore } from '../avro/schema-store.ts'
import type { RawHeader } from '../driver.ts'
import { RecordUndecodableError, SchemaConflictError, SchemaUnknownError } from '../errors.ts'
import { rawHeaders } from '../raw-record.ts'
import { type AnyEventDefinition, defineEvent } from './define-event.ts'
import { encodeEvent } from './event-codec.ts'
import { createEventDecoder } from './event-decoder.ts'
import { callHeaders, eventHeaders, textHeader } from './headers.ts'

const meta = {
  id: '01890000-0000-7000-8000-000000000001',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
  source: 'order-service',
}

function schemaOf(name: string, ...fields: FieldSchema[]): RecordSchema {
  return { type: 'record', name, namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }, ...fields] }
}

function definitionOf(
  type: string,
  schema: RecordSchema,
  earlierSchemas: readonly RecordSchema[] = [],
): AnyEventDefinition {
  return defineEvent({ type, topic: 'orders', key: () => null, schema, earlierSchemas })
}

const placed = definitionOf(
  'order.placed',
  schemaOf('OrderPlaced', { name: 'note', type: ['null', 'string'], default: null }),
)
const cancelled = definitionOf('order.cancelled', schemaOf('OrderCancelled'))
const data = { orderId: 'o-1', note: 'gift' }

const origin = { topic: 'orders', partition: 3 }

function recordOf(value: Buffer | null, headers: readonly RawHeader[] = []) {
  return { offset: 7n, timestamp: 0, key: Buffer.from('k'), value, headers }
}

function headersOf(definition: AnyEventDefinition): RawHeader[] {
  const shared = callHeaders({
    ...meta,
    type: definition.typeHeader,
    trace: [textHeader('traceparent', `00-${meta.traceId}-b7ad6b7169203331-01`)],
    causationId: 'cause',
    correlationId: 'conversation',
  })
  return rawHeaders(eventHeaders(shared, meta.id, 'o-1'))
}

/** The whole record of an event, as a publisher makes it. */
function publishedAs(definition: AnyEventDefinition, headers = headersOf(definition)) {
  return recordOf(encodeEvent(definition, data, meta), headers)
}

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

describe('a record that is an event', () => {
  const decoder = createEventDecoder({ definitions: [placed, cancelled] })

  it('is decoded at once, with what headers and body say', () => {
    expect(decoder.decode(publishedAs(placed), origin)).toEqual({
      kind: 'event',
      definition: placed,
      headerMismatch: false,
      envelope: {
        id: meta.id,
        type: 'order.placed',
        source: 'order-service',
        timestamp: meta.timestamp,
        traceId: meta.traceId,
        causationId: 'cause',
        correlationId: 'conversation',
        subject: 'o-1',
        key: 'k',
        data,
        origin: { topic: 'orders', partition: 3, recordOffset: 7n },
      },
    })
  })

  it('is known by its schema where headers were dropped', () => {
    expect(decoder.decode(publishedAs(cancelled, []), origin)).toMatchObject({
      kind: 'event',
      definition: cancelled,
      headerMismatch: false,
      envelope: { type: 'order.cancelled', causationId: null, correlationId: null, subject: null },
    })
  })

  it('may have no key', () => {
    expect(decoder.decode({ ...publishedAs(placed), key: null }, origin)).toMatchObject({ envelope: { key: null } })
  })

  it.each<[string, RawHeader]>([
    ['ce_id', textHeader('ce_id', 'another')],
    ['ce_source', textHeader('ce_source', 'another')],
    ['ce_time', textHeader('ce_time', '2026-01-02T03:04:05.679Z')],
    ['ce_time without sense', textHeader('ce_time', 'yesterday')],
    ['ce_type', textHeader('ce_type', 'order.cancelled')],
    ['traceparent', textHeader('traceparent', `00-${'1'.repeat(32)}-b7ad6b7169203331-01`)],
  ])('has what its body says, and the contradiction of %s is told', (_, header) => {
    const headers = headersOf(placed).map((original) => (original[0] === header[0] ? header : original))
    expect(decoder.decode(publishedAs(placed, headers), origin)).toMatchObject({
      definition: placed,
      headerMismatch: true,
      envelope: { id: meta.id, source: meta.source, timestamp: meta.timestamp, traceId: meta.traceId, data },
    })
  })

  it('is compared with the trace that it started in, where this hop has another', () => {
    const headers = headersOf(placed).filter(([name]) => name !== 'traceparent')
    const hop = textHeader('traceparent', `00-${'1'.repeat(32)}-b7ad6b7169203331-01`)
    const start = textHeader('ce_traceparent', `00-${meta.traceId}-00f067aa0ba902b7-01`)
    expect(decoder.decode(publishedAs(placed, [...headers, hop, start]), origin)).toMatchObject({
      headerMismatch: false,
    })
  })

  it('may write its time with another precision or zone', () => {
    const headers = headersOf(placed).filter(([name]) => name !== 'ce_time')
    const record = publishedAs(placed, [...headers, textHeader('ce_time', '2026-01-02T04:04:05.678000+01:00')])
    expect(decoder.decode(record, origin)).toMatchObject({ headerMismatch: false })
  })

  it('is told by the first of repeated headers, and by none that has no value', () => {
    const repeated = [...headersOf(placed), textHeader('ce_id', 'later'), textHeader('ce_correlationid', 'later')]
    const empty: RawHeader[] = [
      ['ce_type', null],
      ['ce_id', null],
    ]
    expect(decoder.decode(publishedAs(placed, [...empty, ...repeated]), origin)).toMatchObject({
      headerMismatch: false,
      envelope: { correlationId: 'conversation' },
    })
  })
})

describe('a record that is no event of the definitions', () => {
  const decoder = createEventDecoder({ definitions: [placed] })

  it.each<[string, Buffer | null, readonly RawHeader[], string]>([
    ['an unknown type', publishedAs(cancelled).value, headersOf(cancelled), 'order.cancelled'],
    ['an unknown type and no sense', Buffer.from('hello'), [textHeader('ce_type', 'greeting')], 'greeting'],
    ['an unknown type and no value', null, [textHeader('ce_type', 'greeting')], 'greeting'],
    [
      'an unknown type in structured mode',
      Buffer.from('{"specversion":"1.0","type":"greeting"}'),
      [textHeader('content-type', 'application/cloudevents+json; charset=utf-8')],
      'greeting',
    ],
  ])('is left alone: %s', (_, value, headers, type) => {
    expect(decoder.decode(recordOf(value, headers), origin)).toEqual({ kind: 'unknown-type', type })
  })

  const own = publishedAs(placed).value ?? Buffer.alloc(0)
  const structured = textHeader('content-type', 'application/CloudEvents+json')
  it.each<[string, Buffer | null, readonly RawHeader[], string]>([
    ['a tombstone', null, headersOf(placed), 'it has no value (a tombstone)'],
    ['a tombstone without headers', null, [], 'it has no value (a tombstone)'],
    ['an empty value', Buffer.alloc(0), headersOf(placed), 'its value is empty'],
    ['text', Buffer.from('{"orderId":"o-1"}'), [], 'its value starts with 7b226f726465724964'],
    [
      'JSON that says so',
      Buffer.from('{}'),
      [textHeader('content-type', 'application/json')],
      '(content-type application/json)',
    ],
    [
      'structured mode',
      Buffer.from('{"type":"order.placed"}'),
      [structured],
      'in structured mode (application/CloudEvents+json)',
    ],
    ['structured mode without sense', Buffer.from('{'), [structured], 'in structured mode'],
    ['a truncated body', own.subarray(0, own.length - 1), headersOf(placed), 'the bytes end before the value does'],
    ['only a frame', own.subarray(0, 10), [], 'the bytes end before the value does'],
    ['half a frame', own.subarray(0, 9), [], 'its value starts with c301'],
    ['bytes after the body', Buffer.concat([own, Buffer.from([0])]), headersOf(placed), '1 bytes follow the value'],
  ])('cannot be decoded: %s', (_, value, headers, message) => {
    const decode = () => decoder.decode(recordOf(value, headers), origin)
    expect(decode).toThrow(RecordUndecodableError)
    expect(decode).toThrow('the record at orders/3/7 cannot be decoded: ')
    expect(decode).toThrow(message)
  })

  it('says nothing but a bounded error for any bytes after its frame', () => {
    for (let seed = 0; seed < 500; seed++) {
      const payload = Buffer.from(
        Array.from({ length: 60 }, (_, index) => (seed * 31 + index * index * 7 + (index % (seed + 1))) & 0xff),
      )
      const value = Buffer.concat([own.subarray(0, 10), payload])
      expect(() => decoder.decode(recordOf(value), origin)).toThrow(RecordUndecodableError)
    }
  })
})

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

describe('several definitions', () => {
  it('of one schema are told apart by ce_type, and not at all without it', () => {
    const schema = schemaOf('OrderOutcome')
    const confirmed = definitionOf('order.confirmed', schema)
    const rejected = definitionOf('order.rejected', schema)
    const decoder = createEventDecoder({ definitions: [confirmed, rejected] })
    expect(decoder.decode(publishedAs(rejected), origin)).toMatchObject({ definition: rejected, headerMismatch: false })
    expect(() => decoder.decode(publishedAs(rejected, []), origin)).toThrow(
      'belongs to several events (order.confirmed, order.rejected)',
    )
    // A group that handles one of the two must not take the other for it.
    const one = createEventDecoder({ definitions: [confirmed] })
    expect(one.decode(publishedAs(rejected), origin)).toEqual({ kind: 'unknown-type', type: 'order.rejected' })
  })

  it('are refused where their schemas differ in logical types alone', () => {
    const at = (logicalType: string) => schemaOf('Ping', { name: 'at', type: { type: 'long', logicalType } })
    const definitions = [definitionOf('a', at('timestamp-millis')), definitionOf('b', at('timestamp-micros'))]
    expect(() => createEventDecoder({ definitions })).toThrow(SchemaConflictError)
  })
})
