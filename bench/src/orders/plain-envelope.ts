/** The envelope of orders by plain avsc, for whoever must not use what is being measured. */
import avsc, { type Schema } from 'avsc'
import { envelopeSchema, type Order } from './order.ts'

// Its types want arrays that can be changed, and change nothing.
export const plainEnvelope = avsc.Type.forSchema(envelopeSchema as unknown as Schema)

/** Avro's single-object encoding: two bytes of marker, eight of fingerprint. */
const FRAME_BYTES = 10

export function orderIn(value: Buffer): Order {
  const { value: body } = plainEnvelope.decode(value, FRAME_BYTES) as { value: { data: Order } }
  return body.data
}
