import { expectTypeOf } from 'vitest'
import { type AnyEventDefinition, defineEvent, type EventData, type EventInput } from './define-event.ts'
import { type EventMeta, encodeEvent, partitionKeyOf } from './event-codec.ts'

declare const meta: EventMeta

const stockReserved = defineEvent({
  type: 'inventory.reserved',
  topic: 'inventory',
  // The type of the data is known here, although the schema stands below.
  key: (reservation) => {
    expectTypeOf(reservation.orderId).toEqualTypeOf<string>()
    return reservation.orderId
  },
  subject: (reservation) => reservation.warehouse ?? null,
  schema: {
    type: 'record',
    name: 'StockReserved',
    namespace: 'shop',
    fields: [
      { name: 'orderId', type: 'string' },
      { name: 'warehouse', type: ['null', 'string'], default: null },
      { name: 'units', type: 'long' },
      { name: 'tags', type: { type: 'map', values: 'string' }, default: {} },
    ],
  },
})

expectTypeOf(stockReserved.type).toEqualTypeOf<'inventory.reserved'>()
expectTypeOf<EventData<typeof stockReserved>>().toEqualTypeOf<{
  readonly orderId: string
  readonly warehouse: string | null
  readonly units: bigint
  readonly tags: { readonly [key: string]: string }
}>()
expectTypeOf<EventInput<typeof stockReserved>>().toEqualTypeOf<{
  readonly orderId: string
  readonly warehouse?: string | null | undefined
  readonly units: bigint
  readonly tags?: { readonly [key: string]: string } | undefined
}>()

// A definition of this event is one of whatever event
expectTypeOf(stockReserved).toExtend<AnyEventDefinition>()

encodeEvent(stockReserved, { orderId: 'o-1', units: 5n }, meta)
encodeEvent(stockReserved, { orderId: 'o-1', units: 5n, warehouse: undefined, tags: { a: 'b' } }, meta)
// @ts-expect-error a field is missing
encodeEvent(stockReserved, { orderId: 'o-1' }, meta)
// @ts-expect-error a field has the wrong type: a long is a bigint
encodeEvent(stockReserved, { orderId: 'o-1', units: 5 }, meta)
// @ts-expect-error a field is misspelt
encodeEvent(stockReserved, { orderId: 'o-1', units: 5n, warehose: 'w' }, meta)
// @ts-expect-error null only where the union has it
partitionKeyOf(stockReserved, { orderId: null, units: 5n })

defineEvent({
  type: 'a.b',
  topic: 'a',
  // @ts-expect-error the key is a string or null
  key: (data) => data.count,
  schema: { type: 'record', name: 'A', fields: [{ name: 'count', type: 'int' }] },
})

defineEvent({
  type: 'a.b',
  topic: 'a',
  // @ts-expect-error there is no such field
  key: (data) => data.missing,
  schema: { type: 'record', name: 'A', fields: [{ name: 'count', type: 'int' }] },
})

// @ts-expect-error the key is not optional: whether order matters is always said
defineEvent({ type: 'a.b', topic: 'a', schema: { type: 'record', name: 'A', fields: [] } })

// @ts-expect-error data is a record
defineEvent({ type: 'a.b', topic: 'a', key: () => null, schema: { type: 'array', items: 'int' } })
