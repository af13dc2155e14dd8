import { describe, expect, it } from 'vitest'
import type { RawHeader } from '../driver.ts'
import { eventHeaders, headerText, headerValue, textHeader, typeHeader } from './headers.ts'

const event = {
  id: 'id-1',
  type: typeHeader('order.placed'),
  source: '/shop/ü',
  timestamp: new Date('2026-01-02T03:04:05.678Z'),
}

function texts(headers: readonly RawHeader[]): [string, string | undefined][] {
  return headers.map(([name, value]) => [name, value?.toString('utf8')])
}

describe('the headers of an event', () => {
  it('are those of CloudEvents in binary mode, in UTF-8', () => {
    expect(texts(eventHeaders(event))).toEqual([
      ['content-type', 'application/avro'],
      ['ce_specversion', '1.0'],
      ['ce_id', 'id-1'],
      ['ce_type', 'order.placed'],
      ['ce_source', '/shop/ü'],
      ['ce_time', '2026-01-02T03:04:05.678Z'],
    ])
  })

  it('say more only where there is something to say', () => {
    const headers = eventHeaders({
      ...event,
      traceparent: 'tp',
      tracestate: '',
      baggage: null,
      startingTraceparent: 'start',
      causationId: 'cause',
      correlationId: 'conversation',
      subject: 'o-1',
      dataSchema: 'http://registry/1',
    })
    expect(texts(headers.slice(6))).toEqual([
      ['traceparent', 'tp'],
      ['ce_traceparent', 'start'],
      ['ce_causationid', 'cause'],
      ['ce_correlationid', 'conversation'],
      ['ce_subject', 'o-1'],
      ['ce_dataschema', 'http://registry/1'],
    ])
  })

  it('are those of each source where several publish', () => {
    const sources = ['a', 'b', 'a'].map((source) => headerText(eventHeaders({ ...event, source }), 'ce_source'))
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
      expect(headerText(eventHeaders({ ...event, timestamp }), 'ce_time')).toBe(time)
    }
  })

  it('that are constant are encoded once', () => {
    const value = (name: string) => headerValue(eventHeaders(event), name)
    for (const name of ['content-type', 'ce_specversion', 'ce_type', 'ce_source']) expect(value(name)).toBe(value(name))
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
