import { provenanceHeaderNames as names } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { deadLetterFrom } from './dead-letter.ts'
import { type LetterFilter, matches } from './filter.ts'

const said: Readonly<Record<string, string>> = {
  [names.originTopic]: 'orders',
  [names.originPartition]: '2',
  [names.originOffset]: '100',
  [names.originGroup]: 'stock',
  [names.reason]: 'attempts-exhausted',
  [names.errorClass]: 'TypeError',
  [names.errorCode]: 'E_STOCK',
  [names.failedAt]: '2026-01-31T10:00:00.000Z',
  ce_id: 'id-1',
  ce_type: 'order.placed',
}

function letter(headers: Readonly<Record<string, string>> = said, key: Buffer | null = Buffer.from('order-7')) {
  const record = {
    offset: 5n,
    timestamp: Date.UTC(2026, 0, 31, 12),
    key,
    value: Buffer.from('x'),
    headers: Object.entries(headers).map(([name, value]) => [name, Buffer.from(value)] as const),
  }
  return deadLetterFrom(record, { topic: 'orders.stock.dlq', partition: 0 })
}

const at = (hour: number): number => Date.UTC(2026, 0, 31, hour)

describe('a filter of dead letters', () => {
  it.each<[string, LetterFilter, boolean]>([
    ['nothing', {}, true],
    ['its reason', { reasons: ['rejected', 'attempts-exhausted'] }, true],
    ['other reasons', { reasons: ['rejected'] }, false],
    ['its error class', { errors: ['TypeError'] }, true],
    ['its error code', { errors: ['E_STOCK'] }, true],
    ['another error', { errors: ['RangeError'] }, false],
    ['its type', { types: ['order.placed'] }, true],
    ['another type', { types: ['order.paid'] }, false],
    ['its event id', { eventIds: ['id-1'] }, true],
    ['another event id', { eventIds: ['id-2'] }, false],
    ['its key', { keys: [Buffer.from('x'), Buffer.from('order-7')] }, true],
    ['another key', { keys: [Buffer.from('order-70')] }, false],
    ['since that very time', { sinceMs: at(10) }, true],
    ['since later', { sinceMs: at(10) + 1 }, false],
    ['until that very time', { untilMs: at(10) }, false],
    ['until later', { untilMs: at(10) + 1 }, true],
    ['its origin partition', { originPartitions: [1, 2] }, true],
    ['another origin partition', { originPartitions: [1] }, false],
    ['origin offsets up to it', { originOffsets: { from: 90n, to: 100n } }, true],
    ['origin offsets from it', { originOffsets: { from: 100n, to: null } }, true],
    ['origin offsets before it', { originOffsets: { from: null, to: 99n } }, false],
    ['origin offsets after it', { originOffsets: { from: 101n, to: null } }, false],
    ['two things that hold', { reasons: ['attempts-exhausted'], sinceMs: at(9) }, true],
    ['two things of which one holds', { reasons: ['attempts-exhausted'], sinceMs: at(11) }, false],
    ['a list of nothing', { reasons: [] }, false],
  ])('asks for %s', (_what, filter, isMeant) => {
    expect(matches(letter(), filter)).toBe(isMeant)
  })

  it('takes the time on the log where the headers say none that can be read', () => {
    expect(matches(letter({}), { sinceMs: at(12), untilMs: at(13) })).toBe(true)
    expect(matches(letter({ [names.failedAt]: 'yesterday' }), { sinceMs: at(12) })).toBe(true)
    expect(matches(letter({}), { untilMs: at(12) })).toBe(false)
  })

  it('does not mean what says nothing of what is asked for', () => {
    const asked: LetterFilter[] = [
      { reasons: ['rejected'] },
      { errors: ['E'] },
      { types: ['t'] },
      { eventIds: ['i'] },
      { keys: [Buffer.alloc(0)] },
      { originPartitions: [0] },
      { originOffsets: { from: 0n, to: null } },
    ]
    expect(asked.map((filter) => matches(letter({}, null), filter))).toEqual(asked.map(() => false))
  })
})
