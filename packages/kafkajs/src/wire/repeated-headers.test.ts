import type { OutgoingRecord, RawHeader, RawRecord } from '@tributary/event-bus'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeRecords } from './record-decoder.ts'
import { encodeBatch } from './record-encoder.ts'

const sequence = { producerId: 1n, producerEpoch: 0, firstSequence: 0 }

/** Few of them, so that what is alike and what is nearly alike follow each other. */
const someHeaders: readonly RawHeader[] = [
  ['type', Buffer.from('order.placed')],
  ['type', Buffer.from('order.placee')],
  ['type', Buffer.from('xrder.placed')],
  ['type', Buffer.from('order')],
  ['type', null],
  ['type', Buffer.alloc(0)],
  ['typo', Buffer.from('order.placed')],
  ['xype', Buffer.from('order.placed')],
  ['', Buffer.from('order.placed')],
  ['__proto__', Buffer.alloc(100, 7)],
  ['7', Buffer.alloc(64, 7)],
]

function recordWith(headers: readonly RawHeader[]): OutgoingRecord {
  return { key: null, value: null, headers, timestamp: 0 }
}

function decoded(bytes: Buffer): readonly (readonly RawHeader[])[] {
  return Array.from(decodeRecords(bytes, 0n, []).records, ({ headers }) => headers)
}

function visited(record: RawRecord): readonly RawHeader[] {
  const headers: RawHeader[] = []
  record.visitHeaders?.({
    header: (name, bytes, start, end) => headers.push([name, end < 0 ? null : bytes.subarray(start, end)]),
  })
  return headers
}

describe('headers that repeat', () => {
  it('come out as they went in, whatever came before them, and however they are looked at', () => {
    const headers = fc.array(fc.constantFrom(...someHeaders), { maxLength: 5 })
    const lists = fc.array(fc.record({ headers, isVisited: fc.boolean() }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(lists, (records) => {
        const written = encodeBatch(
          records.map((record) => recordWith(record.headers)),
          sequence,
        )
        const read = Array.from(decodeRecords(written, 0n, []).records, (record, index) =>
          records[index]?.isVisited ? visited(record) : record.headers,
        )
        expect(read).toEqual(records.map((record) => record.headers))
      }),
    )
  })

  it('are shared from their second repetition on', () => {
    const records = Array.from({ length: 4 }, (_, number) =>
      recordWith([
        ['type', Buffer.from('order.placed')],
        ['id', Buffer.from(`number ${number}`)],
      ]),
    )
    const [, second, third, fourth] = decoded(encodeBatch(records, sequence))
    expect(third?.[0]).toBe(second?.[0])
    expect(fourth?.[0]).toBe(second?.[0])
    expect(fourth?.[1]).not.toBe(third?.[1])
  })

  it('keep none of the bytes of an earlier answer in memory', () => {
    // Large, as answers are: small buffers have their memory in common.
    const paid = { ...recordWith([['type', Buffer.from('paid')]]), value: Buffer.alloc(100_000) }
    const records = [paid, paid]
    const answers = [encodeBatch(records, sequence), encodeBatch(records, sequence)]
    const [first, second] = answers.map((answer) => decoded(answer).map(([header]) => header?.[1]?.buffer))
    expect(first?.[1]).not.toBe(answers[0]?.buffer)
    expect(second?.[0]).not.toBe(answers[0]?.buffer)
  })
})
