import { describe, expect, it } from 'vitest'
import { staticSchemas } from '../avro/static-schemas.ts'
import { defineEvent } from './define-event.ts'
import { encodeEvent } from './event-codec.ts'
import { createValueDecoder } from './value-decoder.ts'

const placed = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: ({ orderId }) => orderId,
  schema: { type: 'record', name: 'OrderPlaced', fields: [{ name: 'orderId', type: 'string' }] },
})

const value = encodeEvent(
  placed,
  { orderId: 'o-1' },
  { id: 'id-1', traceId: '0'.repeat(31).concat('1'), timestamp: new Date(0), source: 'shop' },
)
const envelope = { event_id: 'id-1', source: 'shop', data: { orderId: 'o-1' } }
const nothing = staticSchemas({})

describe('a decoder of values', () => {
  it('reads what a definition wrote', async () => {
    const decode = createValueDecoder({ definitions: [placed], schemas: nothing })
    expect(await decode({ value, headers: [] })).toMatchObject(envelope)
  })

  it('reads by a store what no definition knows: by fingerprint, and by the id in a registry', async () => {
    const schemas = staticSchemas({ schemas: [placed.envelopeSchema], registryIds: { 7: placed.envelopeSchema } })
    const decode = createValueDecoder({ definitions: [], schemas })
    expect(await decode({ value, headers: [] })).toMatchObject(envelope)
    const datum = value.subarray(10)
    expect(await decode({ value: Buffer.concat([Buffer.from([0, 0, 0, 0, 7]), datum]), headers: [] })).toMatchObject(
      envelope,
    )
  })

  it('answers null for what names no schema', async () => {
    const decode = createValueDecoder({ definitions: [placed], schemas: nothing })
    expect(await decode({ value: null, headers: [] })).toBeNull()
    expect(await decode({ value: Buffer.from('{"orderId":"o-1"}'), headers: [] })).toBeNull()
  })

  it('says that a schema is not known, and what is wrong with the bytes', async () => {
    const decode = createValueDecoder({ definitions: [], schemas: nothing })
    await expect(decode({ value, headers: [] })).rejects.toMatchObject({ code: 'SCHEMA_UNKNOWN' })
    const known = createValueDecoder({ definitions: [placed], schemas: nothing })
    await expect(known({ value: value.subarray(0, -2), headers: [] })).rejects.toThrow('the bytes end before')
  })
})
