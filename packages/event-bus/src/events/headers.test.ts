import { describe, expect, it } from 'vitest'
import type { OutgoingHeader, RawHeader } from '../driver.ts'
import { rawHeaders } from '../raw-record.ts'
import { type CallHeaders, callHeaders, eventHeaders, headerText, textHeader, typeHeader } from './headers.ts'

const call: CallHeaders = {
  type: typeHeader('order.placed'),
  source: '/shop/ü',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
}

function texts(headers: readonly OutgoingHeader[]): [string, string | undefined][] {
  return rawHeaders(headers).map(([name, value]) => [name, value?.toString('utf8')])
}

describe('the headers of an event', () => {
  it('are those of CloudEvents in binary mode, in UTF-8', () => {
    expect(texts(eventHeaders(callHeaders(call), 'id-1'))).toEqual([
      ['content-type', 'application/avro'],
      ['ce_specversion', '1.0'],
      ['ce_type', 'order.placed'],
      ['ce_source', '/shop/ü'],
      ['ce_time', '2026-01-02T03:04:05.678Z'],
      ['ce_id', 'id-1'],
    ])
  })

  it('say more only where there is something to say', () => {
    const shared = callHeaders({
      ...call,
      trace: [textHeader('traceparent', 'tp')],
      causationId: 'cause',
      correlationId: 'conversation',
    })
    expect(texts(eventHeaders(shared, 'id-1', 'o-1').slice(5))).toEqual([
      ['traceparent', 'tp'],
      ['ce_causationid', 'cause'],
      ['ce_correlationid', 'conversation'],
      ['ce_id', 'id-1'],
      ['ce_subject', 'o-1'],
    ])
    expect(eventHeaders(callHeaders({ ...call, correlationId: '' }), 'id-1', '')).toHaveLength(6)
  })

  it('are those of each source where several publish', () => {
    const sources = ['a', 'b', 'a'].map((source) =>
      headerText(rawHeaders(callHeaders({ ...call, source })), 'ce_source'),
    )
    expect(sources).toEqual(['a', 'b', 'a'])
  })

  it.each([
    '2026-01-02T03:04:05.000Z',
    '2026-01-02T03:04:05.999Z',
    '2026-01-02T03:04:06.070Z',
    '1969-12-31T23:59:59.001Z',
    '+020000-01-01T00:00:00.010Z',
  ])('tell the time %s to the millisecond', (time) => {
    for (const timestamp of [new Date(time), new Date(Date.parse(time))]) {
      expect(headerText(rawHeaders(callHeaders({ ...call, timestamp })), 'ce_time')).toBe(time)
    }
  })

  it('of a call that has more to say are not those of the next', () => {
    callHeaders({ ...call, correlationId: 'conversation' })
    expect(callHeaders(call)).toHaveLength(5)
    const other = callHeaders({ ...call, type: typeHeader('order.paid') })
    expect(headerText(rawHeaders(other), 'ce_type')).toBe('order.paid')
    expect(headerText(rawHeaders(callHeaders({ ...call, source: 'other' })), 'ce_source')).toBe('other')
  })

  it('of two calls are the same objects where they say the same, and those of two events of a call but for their ids', () => {
    const [one, other] = [callHeaders(call), callHeaders({ ...call, timestamp: new Date(call.timestamp) })]
    expect(one.every((header, place) => header === other[place])).toBe(true)
    const [first, second] = [eventHeaders(one, 'id-1'), eventHeaders(one, 'id-2')]
    expect(first.map((header, place) => header === second[place])).toEqual([true, true, true, true, true, false])
  })
})

describe('a header that is looked for', () => {
  const headers: RawHeader[] = [textHeader('a', '1'), ['b', null], textHeader('a', '2'), ['c', Buffer.from([0xff])]]

  it('is the first of its name', () => expect(headerText(headers, 'a')).toBe('1'))
  it('is null without a value, and where there is none', () => {
    expect(headerText(headers, 'b')).toBeNull()
    expect(headerText(headers, 'A')).toBeNull()
  })
  it('has replacement characters for bytes that are not UTF-8', () => expect(headerText(headers, 'c')).toBe('\ufffd'))
})
