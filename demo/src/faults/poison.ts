import type { OutgoingRecord } from '@tributary/event-bus'
import type { PoisonRecord } from '../reconcile/reconcile.ts'

/** A record that no subscriber can read, and what it is. */
export interface Poison extends PoisonRecord {
  readonly record: OutgoingRecord
}

/** Bytes that are no Avro, as a misconfigured producer of another team would write them. */
export function undecodableBytes(groups: readonly string[]): Poison {
  const value = Buffer.from('this is not an event: \u0000\u0001 tea without a kettle')
  return {
    what: 'undecodable bytes',
    value,
    groups,
    record: record(value, [['content-type', Buffer.from('text/plain')]]),
  }
}

/** A well-formed single object whose schema nobody has: a producer that was deployed before its schema was announced. */
export function unknownSchema(groups: readonly string[]): Poison {
  const marker = Buffer.from([0xc3, 0x01])
  const fingerprint = Buffer.from('0badc0de0badc0de', 'hex')
  const value = Buffer.concat([marker, fingerprint, Buffer.from([0x02, 0x41])])
  return {
    what: 'an event of an unknown schema',
    value,
    groups,
    record: record(value, [
      ['ce_specversion', Buffer.from('1.0')],
      ['ce_type', Buffer.from('order.placed')],
    ]),
  }
}

const record = (value: Buffer, headers: OutgoingRecord['headers']): OutgoingRecord => ({
  key: Buffer.from('poison'),
  value,
  headers,
  timestamp: Date.now(),
})
