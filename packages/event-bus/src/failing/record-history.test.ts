import { ROOT_CONTEXT } from '@opentelemetry/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { OutgoingRecord, RawHeader, RawRecord } from '../driver.ts'
import { provenanceHeaderNames as names } from '../events/header-names.ts'
import { rawRecord } from '../raw-record.ts'
import { redriveTopic, retryTopic, type TopicRole } from '../topics.ts'
import { deadLetterForms } from './dead-letter.ts'
import { delayedRetryForms } from './delayed-retry.ts'
import { failureFrom } from './failure.ts'
import { dueAtOf, historyOf } from './record-history.ts'

const traceparent = Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')
const group = 'inventory'
const roles = {
  source: { kind: 'source', group, source: 'orders', delayMs: null },
  redrive: { kind: 'redrive', group, source: 'orders', delayMs: null },
  retry: { kind: 'retry', group, source: 'orders', delayMs: 10_000 },
} as const satisfies Record<string, TopicRole>

const bytes = (maxLength: number): fc.Arbitrary<Buffer | null> =>
  fc.option(fc.uint8Array({ maxLength }).map((content) => Buffer.from(content)))

/** Among them all that provenance uses: a publisher may have relayed a record that had it. */
const header: fc.Arbitrary<RawHeader> = fc.tuple(
  fc.oneof(fc.constantFrom(...Object.values(names), 'ce_id', '', 'x'), fc.string()),
  bytes(12),
)

function raw(record: OutgoingRecord, offset: bigint): RawRecord {
  return { ...rawRecord(record), offset }
}

/** The record as it comes out of an attempt that failed, in its next topic. */
function moved(record: RawRecord, role: TopicRole, to: 'retry' | 'dead-letter', now: number): OutgoingRecord {
  const topic =
    role.kind === 'source'
      ? 'orders'
      : role.kind === 'retry'
        ? retryTopic('orders', group, 10_000)
        : redriveTopic('orders', group)
  const history = historyOf(record, { topic, partition: 3 }, role)
  const leaving = {
    record,
    history,
    source: 'orders',
    failure: failureFrom(new TypeError('no')),
    attempts: history.attempts + 1,
    firstFailedAt: history.firstFailedAt ?? now,
    eventId: null,
    context: ROOT_CONTEXT,
  }
  const [form] =
    to === 'retry'
      ? delayedRetryForms({ ...leaving, kind: 'retry', delayMs: 10_000 }, traceparent)
      : deadLetterForms({ ...leaving, kind: 'dead-letter', reason: 'attempts-exhausted', heldMs: null }, traceparent)
  if (form === undefined) throw new Error('there is a form')
  return form(now)
}

const placeIn = { topic: retryTopic('orders', group, 10_000), partition: 1 }

describe('the history of a record', () => {
  it('keeps key, value and headers byte for byte and in order, over retry topics, dead letters and redrives', () => {
    const step = fc.constantFrom('retry' as const, 'dead-letter' as const)
    fc.assert(
      fc.property(
        fc.array(header, { maxLength: 8 }),
        bytes(20),
        bytes(20),
        fc.array(step, { maxLength: 6 }),
        (headers, key, value, steps) => {
          let record: RawRecord = { offset: 41n, timestamp: 1_000, key, value, headers }
          let role: TopicRole = roles.source
          let now = 2_000
          let attempts = 0
          for (const to of steps) {
            record = raw(moved(record, role, to, now), 7n)
            role = to === 'retry' ? roles.retry : roles.redrive
            attempts = to === 'retry' ? attempts + 1 : 0
            now += 10_000
          }
          const history = historyOf(record, placeIn, role)
          expect(history.original).toEqual(headers)
          expect([record.key, record.value]).toEqual([key, value])
          expect(history.attempts).toBe(attempts)
          if (steps.length > 0) {
            expect(history.origin).toMatchObject({ topic: 'orders', partition: 3, recordOffset: 41n, timestamp: 1_000 })
          }
        },
      ),
    )
  })

  it('says when a retry is due and when the record failed first', () => {
    const first = raw(
      moved({ offset: 1n, timestamp: 0, key: null, value: null, headers: [] }, roles.source, 'retry', 5_000),
      0n,
    )
    expect(dueAtOf(first, 10_000)).toBe(15_000)
    const second = raw(moved(first, roles.retry, 'retry', 16_000), 0n)
    expect(dueAtOf(second, 10_000)).toBe(26_000)
    expect(historyOf(second, placeIn, roles.retry)).toMatchObject({ firstFailedAt: 5_000, attempts: 2 })
  })

  it('does not believe another group, another topic, or anything on a source topic', () => {
    const waiting = raw(
      moved({ offset: 1n, timestamp: 0, key: null, value: null, headers: [] }, roles.source, 'retry', 5_000),
      9n,
    )
    const stranger = { attempts: 0, firstFailedAt: null, origin: { recordOffset: 9n }, original: waiting.headers }
    expect(historyOf(waiting, placeIn, { ...roles.retry, group: 'email' })).toMatchObject(stranger)
    expect(historyOf(waiting, placeIn, { ...roles.retry, source: 'payments' })).toMatchObject(stranger)
    expect(historyOf(waiting, { topic: 'orders', partition: 0 }, roles.source)).toMatchObject(stranger)
  })

  it('of a record that somebody put into a retry topic without any header is its own, and due after the delay', () => {
    const bare: RawRecord = { offset: 5n, timestamp: 3_000, key: null, value: null, headers: [] }
    expect(historyOf(bare, placeIn, roles.retry)).toMatchObject({ attempts: 0, origin: { recordOffset: 5n } })
    expect(dueAtOf(bare, 10_000)).toBe(13_000)
    expect(dueAtOf({ ...bare, headers: [[names.dueAt, Buffer.from('soon')]] }, 10_000)).toBe(13_000)
  })
})
