/** The records of all workloads: orders with three lines, numbered, and made anew from their number whenever somebody wants to compare. */
import { defineEvent, type EventInput } from '@tributary/event-bus'

const line = {
  type: 'record',
  name: 'OrderLine',
  fields: [
    { name: 'sku', type: 'string' },
    { name: 'description', type: ['null', 'string'], default: null },
    { name: 'quantity', type: 'int' },
    { name: 'unitPrice', type: 'double' },
  ],
} as const

const orderSchema = {
  type: 'record',
  name: 'OrderPlaced',
  namespace: 'bench',
  fields: [
    { name: 'orderId', type: 'string' },
    { name: 'customerId', type: 'string' },
    { name: 'lines', type: { type: 'array', items: line } },
  ],
} as const

/** The event on `topic`: as a service defines it, with its key in its data. */
export function orderEvent(topic: string) {
  return defineEvent({ type: 'order.placed', topic, key: ({ customerId }) => customerId, schema: orderSchema })
}

/** What the value of such an event's record is, for a reader that knows nothing of Tributary. */
export const envelopeSchema = {
  type: 'record',
  name: 'OrderPlacedEnvelope',
  namespace: 'bench',
  fields: [
    { name: 'event_id', type: 'string' },
    { name: 'trace_id', type: 'string' },
    { name: 'timestamp', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'source', type: 'string' },
    { name: 'data', type: orderSchema },
  ],
} as const

export type Order = EventInput<ReturnType<typeof orderEvent>>

/** What a contender may publish: the typed order, or the same thing for those that move bytes. All of it is made before the clock starts. */
export interface PreparedOrder {
  readonly sequence: number
  readonly key: string
  readonly order: Order
  /** Opaque text of about the size that the event's value has. */
  readonly text: string
  readonly bytes: Buffer
}

const SEQUENCE_DIGITS = 8
const TEXT_LENGTH = 200

/** @param key index of the key */
export function prepareOrder(sequence: number, key: number): PreparedOrder {
  const text = textOf(sequence)
  return { sequence, key: keyText(key), order: orderOf(sequence, key), text, bytes: Buffer.from(text, 'latin1') }
}

export function keyText(key: number): string {
  return `c${key}`
}

export function orderOf(sequence: number, key: number): Order {
  return {
    orderId: digits(sequence),
    customerId: keyText(key),
    lines: [
      { sku: `sku-${sequence % 977}`, description: null, quantity: (sequence % 9) + 1, unitPrice: 12.5 },
      { sku: `sku-${sequence % 1009}`, description: 'large, blue', quantity: 1, unitPrice: (sequence % 5000) / 100 },
      { sku: `sku-${sequence % 1013}`, description: null, quantity: 2, unitPrice: 0.99 },
    ],
  }
}

export function textOf(sequence: number): string {
  const start = digits(sequence)
  return start.repeat(Math.ceil(TEXT_LENGTH / SEQUENCE_DIGITS)).slice(0, TEXT_LENGTH)
}

/** The number of an order, from what a contender that decodes nothing has read of it. */
export function sequenceIn(bytes: Buffer, start = 0): number {
  let value = 0
  for (let at = start; at < start + SEQUENCE_DIGITS; at += 1) value = value * 10 + (bytes[at] ?? 0) - 0x30
  return value
}

function digits(sequence: number): string {
  return String(sequence).padStart(SEQUENCE_DIGITS, '0')
}
