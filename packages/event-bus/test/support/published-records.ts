/** Events of two types as records, as a publisher writes them. */
import type { FieldSchema, RecordSchema } from '../../src/avro/schema.ts'
import type { RawHeader } from '../../src/driver.ts'
import { type AnyEventDefinition, defineEvent } from '../../src/events/define-event.ts'
import { encodeEvent } from '../../src/events/event-codec.ts'
import { callHeaders, eventHeaders, textHeader } from '../../src/events/headers.ts'
import { rawHeaders } from '../../src/raw-record.ts'

export const meta = {
  id: '01890000-0000-7000-8000-000000000001',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
  source: 'order-service',
}

export function schemaOf(name: string, ...fields: FieldSchema[]): RecordSchema {
  return { type: 'record', name, namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }, ...fields] }
}

export function definitionOf(
  type: string,
  schema: RecordSchema,
  earlierSchemas: readonly RecordSchema[] = [],
): AnyEventDefinition {
  return defineEvent({ type, topic: 'orders', key: () => null, schema, earlierSchemas })
}

export const placed = definitionOf(
  'order.placed',
  schemaOf('OrderPlaced', { name: 'note', type: ['null', 'string'], default: null }),
)
export const cancelled = definitionOf('order.cancelled', schemaOf('OrderCancelled'))
export const data = { orderId: 'o-1', note: 'gift' }

export const origin = { topic: 'orders', partition: 3 }

export function recordOf(value: Buffer | null, headers: readonly RawHeader[] = []) {
  return { offset: 7n, timestamp: 0, key: Buffer.from('k'), value, headers }
}

export function headersOf(definition: AnyEventDefinition): RawHeader[] {
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
export function publishedAs(definition: AnyEventDefinition, headers = headersOf(definition)) {
  return recordOf(encodeEvent(definition, data, meta), headers)
}
