import { describe, expect, it } from 'vitest'
import type { RawHeader } from '../../src/driver.ts'
import { RecordUndecodableError, SchemaConflictError } from '../../src/errors.ts'
import { createEventDecoder } from '../../src/events/event-decoder.ts'
import { textHeader } from '../../src/events/headers.ts'
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
