/**
 * Events as another implementation sees them: Apache Avro's own library for Python (Debian: python3-avro). TRIBUTARY_PYTHON names the interpreter that
 * has it, where that is not the system's own.
 */
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { defineEvent, type EventInput } from '../src/events/define-event.ts'
import { encodeEvent } from '../src/events/event-codec.ts'
import { createEventDecoder } from '../src/events/event-decoder.ts'

const everything = defineEvent({
  type: 'test.everything',
  topic: 'everything',
  key: () => null,
  schema: {
    type: 'record',
    name: 'Everything',
    namespace: 'test.avro',
    fields: [
      { name: 'flag', type: 'boolean' },
      { name: 'count', type: 'int' },
      { name: 'big', type: 'long' },
      { name: 'safe', type: { type: 'long', js: 'number' } },
      { name: 'half', type: 'float' },
      { name: 'pi', type: 'double' },
      { name: 'blob', type: 'bytes' },
      { name: 'text', type: 'string' },
      { name: 'longText', type: 'string' },
      { name: 'digest', type: { type: 'fixed', name: 'Digest', size: 4 } },
      { name: 'suit', type: { type: 'enum', name: 'Suit', symbols: ['SPADES', 'HEARTS'] } },
      { name: 'otherSuit', type: ['null', 'Suit'], default: null },
      { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 2 } },
      { name: 'rate', type: { type: 'fixed', name: 'Rate', size: 8, logicalType: 'decimal', precision: 10, scale: 4 } },
      { name: 'id', type: { type: 'string', logicalType: 'uuid' } },
      { name: 'day', type: { type: 'int', logicalType: 'date' } },
      { name: 'time', type: { type: 'int', logicalType: 'time-millis' } },
      { name: 'exactTime', type: { type: 'long', logicalType: 'time-micros' } },
      { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
      { name: 'exactlyAt', type: { type: 'long', logicalType: 'timestamp-micros' } },
      { name: 'tags', type: { type: 'map', values: 'string' }, default: {} },
      {
        name: 'tree',
        type: {
          type: 'record',
          name: 'Node',
          fields: [
            { name: 'label', type: 'string' },
            { name: 'children', type: { type: 'array', items: 'Node' } },
          ],
        },
      },
      { name: 'choice', type: ['null', 'string', 'long'] },
    ],
  },
})

const data: EventInput<typeof everything> = {
  flag: true,
  count: -(2 ** 31),
  big: -(2n ** 62n) - 1n,
  safe: -(2 ** 53 - 1),
  half: 0.5,
  pi: Math.PI,
  blob: Buffer.from([0, 255]),
  text: 'grüße €😀',
  longText: 'ü'.repeat(100),
  digest: Buffer.from('cafebabe', 'hex'),
  suit: 'HEARTS',
  otherSuit: 'SPADES',
  price: '-123456789012345678.90',
  rate: '-0.0001',
  id: '00112233-4455-6677-8899-aabbccddeeff',
  day: '2024-02-29',
  time: '23:59:59.999',
  exactTime: '00:00:00.000001',
  at: new Date('1999-12-31T23:59:59.999Z'),
  exactlyAt: 1_700_000_000_123_456n,
  tags: { a: 'ä' },
  tree: { label: 'root', children: [{ label: 'leaf', children: [] }] },
  choice: 7n,
}

const meta = {
  id: '01890000-0000-7000-8000-000000000001',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
  source: 'order-service',
}

interface Answer {
  readonly fingerprint: string
  readonly value: unknown
  readonly rewritten: string
}

function readByPython(schema: unknown, values: readonly Buffer[]): readonly Answer[] {
  const script = fileURLToPath(new URL('foreign-reader.py', import.meta.url))
  const input = JSON.stringify({ schema, values: values.map((value) => value.toString('hex')) })
  return JSON.parse(
    execFileSync(process.env['TRIBUTARY_PYTHON'] ?? '/usr/bin/python3', [script], { input, encoding: 'utf8' }),
  )
}

describe('an event in the hands of Python', () => {
  const value = encodeEvent(everything, data, meta)
  const [answer] = readByPython(everything.envelopeSchema, [value])

  it('is read as it was published', () => {
    expect(answer?.fingerprint).toBe(String(everything.fingerprint))
    expect(answer?.value).toEqual({
      event_id: meta.id,
      trace_id: meta.traceId,
      timestamp: '2026-01-02T03:04:05.678000+00:00',
      source: 'order-service',
      data: {
        flag: true,
        count: 'int:-2147483648',
        big: 'int:-4611686018427387905',
        safe: 'int:-9007199254740991',
        half: 0.5,
        pi: Math.PI,
        blob: 'hex:00ff',
        text: 'grüße €😀',
        longText: 'ü'.repeat(100),
        digest: 'hex:cafebabe',
        suit: 'HEARTS',
        otherSuit: 'SPADES',
        price: '-123456789012345678.90',
        rate: '-0.0001',
        id: '00112233-4455-6677-8899-aabbccddeeff',
        day: '2024-02-29',
        time: '23:59:59.999000',
        exactTime: '00:00:00.000001',
        at: '1999-12-31T23:59:59.999000+00:00',
        exactlyAt: '2023-11-14T22:13:20.123456+00:00',
        tags: { a: 'ä' },
        tree: { label: 'root', children: [{ label: 'leaf', children: [] }] },
        choice: 'int:7',
      },
    })
  })

  it('comes back as it was when Python writes it', () => {
    const written = Buffer.concat([value.subarray(0, 10), Buffer.from(answer?.rewritten ?? '', 'hex')])
    const record = { offset: 0n, timestamp: 0, key: null, value: written, headers: [] }
    const decoded = createEventDecoder({ definitions: [everything] }).decode(record, {
      topic: 'everything',
      partition: 0,
    })
    expect(decoded).toMatchObject({ envelope: { id: meta.id, timestamp: meta.timestamp, data } })
  })
})
