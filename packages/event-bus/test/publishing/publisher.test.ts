import { propagation, ROOT_CONTEXT, trace } from '@opentelemetry/api'
import { describe, expect, it } from 'vitest'
import type { RawRecord } from '../../src/driver.ts'
import { createEventDecoder } from '../../src/events/event-decoder.ts'
import { headerText } from '../../src/events/headers.ts'
import type { EncodedEvent } from '../../src/publishing/publisher.ts'
import { type RecordOnLog, rawRecord } from '../../src/raw-record.ts'
import { orderPlaced } from '../support/orders.ts'
import { PublisherBench } from '../support/publisher-bench.ts'
import { type Append, refuseLargerThan } from '../support/scripted-producer.ts'

const decoder = createEventDecoder({ definitions: [orderPlaced] })

/** A bench whose appends are acknowledged, and the records that were appended. */
function acknowledging(): { publisher: PublisherBench['publisher']; records: RecordOnLog[]; bench: PublisherBench } {
  const bench = new PublisherBench()
  const records: RecordOnLog[] = []
  bench.producer.answer = (append: Append) => {
    records.push(...append.records.map(rawRecord))
    append.acknowledge()
  }
  return { publisher: bench.publisher, records, bench }
}

async function decoded(record: RecordOnLog | undefined) {
  if (record === undefined) throw new Error('nothing was appended')
  const raw: RawRecord = {
    ...record,
    offset: 0n,
    key: record.key,
    value: record.value,
    headers: record.headers,
    timestamp: 0,
  }
  const result = await decoder.decode(raw, { topic: 'orders', partition: 0 })
  if (result.kind !== 'event') throw new Error('not an event')
  return result
}

describe('publish', () => {
  it('writes an event that a subscriber reads back, with headers and body that agree', async () => {
    const { publisher, records } = acknowledging()
    const timestamp = new Date('2026-03-01T12:00:00.123Z')
    const published = await publisher.publish(
      orderPlaced,
      { orderId: 'o-1' },
      { id: 'id-1', timestamp, correlationId: 'c-1', causationId: 'cause-1', subject: 's-1' },
    )
    expect(published).toEqual({ id: 'id-1', topic: 'orders', partition: 0, offset: 0n })
    const { envelope, headerMismatch } = await decoded(records[0])
    expect(headerMismatch).toBe(false)
    expect(envelope).toMatchObject({
      id: 'id-1',
      type: 'order.placed',
      source: 'order-service',
      timestamp,
      correlationId: 'c-1',
      causationId: 'cause-1',
      subject: 's-1',
      key: 'o-1',
    })
    expect(records[0]?.timestamp).toBe(timestamp.getTime())
  })

  it('tells of each event the time of its call', async () => {
    const { publisher, records, bench } = acknowledging()
    await publisher.publish(orderPlaced, { orderId: 'o-1' })
    await bench.clock.advance(5)
    await publisher.publish(orderPlaced, { orderId: 'o-2' })
    const [first, second] = records
    expect((second?.timestamp ?? 0) - (first?.timestamp ?? 0)).toBe(5)
    const times = [(await decoded(first)).envelope.timestamp, (await decoded(second)).envelope.timestamp]
    expect(times.map((time) => time.getTime())).toEqual([first?.timestamp, second?.timestamp])
  })

  it('starts a trace where there is none, without any SDK, the same in body and headers', async () => {
    const { publisher, records } = acknowledging()
    await publisher.publish(orderPlaced, { orderId: 'o-1' })
    await publisher.publish(orderPlaced, { orderId: 'o-2' })
    const [first, second] = records
    const { envelope } = await decoded(first)
    expect(headerText(first?.headers ?? [], 'traceparent')).toMatch(
      new RegExp(`^00-${envelope.traceId}-[0-9a-f]{16}-01$`),
    )
    expect((await decoded(second)).envelope.traceId).not.toBe(envelope.traceId)
  })

  it('continues the context that it is given, with its state and baggage', async () => {
    const { publisher, records } = acknowledging()
    const spanContext = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 }
    const parent = trace.setSpanContext(ROOT_CONTEXT, spanContext)
    const context = propagation.setBaggage(parent, propagation.createBaggage({ tenant: { value: 'acme' } }))
    await publisher.publish(orderPlaced, { orderId: 'o-1' }, { context })
    const headers = records[0]?.headers ?? []
    expect(headerText(headers, 'traceparent')).toBe(`00-${spanContext.traceId}-${spanContext.spanId}-00`)
    expect(headerText(headers, 'baggage')).toBe('tenant=acme')
    expect((await decoded(records[0])).envelope.traceId).toBe(spanContext.traceId)
  })

  it('rejects data that does not fit, and sends nothing', async () => {
    const { publisher, records } = acknowledging()
    const wrong: { orderId: string } = JSON.parse('{ "orderId": 7 }')
    await expect(publisher.publish(orderPlaced, wrong)).rejects.toMatchObject({
      code: 'EVENT_DATA_INVALID',
      outcome: 'not-written',
      path: 'orderId',
    })
    await publisher.flush()
    expect(records).toEqual([])
  })

  it('rejects a timestamp that is none, and says which field it is', async () => {
    const { publisher, records } = acknowledging()
    const published = publisher.publish(orderPlaced, { orderId: 'o-1' }, { timestamp: new Date(Number.NaN) })
    await expect(published).rejects.toMatchObject({ code: 'EVENT_DATA_INVALID', path: 'timestamp' })
    expect(records).toEqual([])
  })

  it('rejects after close as not written', async () => {
    const { publisher } = acknowledging()
    await publisher.close()
    await expect(publisher.publish(orderPlaced, { orderId: 'o-1' })).rejects.toMatchObject({
      code: 'BUS_CLOSED',
      outcome: 'not-written',
    })
  })

  it('gives up after the timeout of the bus where the call has none', async () => {
    const bench = new PublisherBench({}, { timeoutMs: 2_000 })
    const published = bench.publisher.publish(orderPlaced, { orderId: 'o-1' })
    const outcome = expect(published).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT', outcome: 'unknown' })
    await bench.clock.advance(2_001)
    await outcome
  })
})

describe('publishMany', () => {
  it('answers in the order of the list, and gives the events one trace and ids of their own', async () => {
    const { publisher, records, bench } = acknowledging()
    bench.producer.partitions = 4
    const items = Array.from({ length: 20 }, (_, i) => ({ orderId: `o-${i}` }))
    const published = await publisher.publishMany(orderPlaced, items)
    const events = await Promise.all(records.map(async (record) => (await decoded(record)).envelope))
    const orderOf = new Map(events.map(({ id, data }) => [id, data]))
    expect(published.map(({ id }) => orderOf.get(id))).toEqual(items)
    expect(new Set(events.map(({ traceId }) => traceId)).size).toBe(1)
    expect(new Set(published.map(({ id }) => id)).size).toBe(20)
  })

  it('of nothing is nothing', async () => {
    expect(await acknowledging().publisher.publishMany(orderPlaced, [])).toEqual([])
  })

  it('sends none when one does not fit the schema', async () => {
    const { publisher, records } = acknowledging()
    const items: { orderId: string }[] = JSON.parse('[{ "orderId": "o-1" }, { "orderId": null }]')
    await expect(publisher.publishMany(orderPlaced, items)).rejects.toMatchObject({ code: 'EVENT_DATA_INVALID' })
    await publisher.flush()
    expect(records).toEqual([])
  })

  it('tells what became of each when some fail', async () => {
    const bench = new PublisherBench()
    bench.producer.answer = refuseLargerThan(2_000)
    const items = [{ orderId: 'o-1' }, { orderId: 'x'.repeat(3_000) }, { orderId: 'o-3' }]
    const failure = bench.publisher.publishMany(orderPlaced, items)
    await expect(failure).rejects.toMatchObject({
      code: 'PUBLISH_MANY_FAILED',
      outcome: 'not-written',
      results: [
        { status: 'fulfilled', value: { offset: 0n } },
        { status: 'rejected', reason: { code: 'RECORD_TOO_LARGE' } },
        { status: 'fulfilled', value: { offset: 1n } },
      ],
    })
  })

  it('claims not-written only when that is true of all that failed', async () => {
    const bench = new PublisherBench({}, { maxBatchRecords: 1, timeoutMs: 1_000 })
    const published = bench.publisher.publishMany(orderPlaced, [{ orderId: 'sent' }, { orderId: 'waiting' }])
    const outcome = expect(published).rejects.toMatchObject({
      outcome: 'unknown',
      results: [{ reason: { outcome: 'unknown' } }, { reason: { outcome: 'not-written' } }],
    })
    await bench.clock.advance(1_001)
    await outcome
  })
})

describe('encode and publishEncoded', () => {
  it('send later what would have been sent at once, also after a journey through a database', async () => {
    const { publisher, records } = acknowledging()
    const encoded = publisher.encode(orderPlaced, { orderId: 'o-1' }, { id: 'id-1' })
    const stored: EncodedEvent = structuredClone(encoded)
    const restored = {
      ...stored,
      key: stored.key === null ? null : Buffer.from(stored.key),
      value: Buffer.from(stored.value),
      headers: stored.headers.map(([name, value]) => [name, value === null ? null : Buffer.from(value)] as const),
    }
    expect(await publisher.publishEncoded([restored])).toEqual([
      { status: 'fulfilled', value: { id: 'id-1', topic: 'orders', partition: 0, offset: 0n } },
    ])
    expect(records[0]).toMatchObject({ key: encoded.key, value: encoded.value, headers: encoded.headers })
  })

  it('answer for each event by itself', async () => {
    const bench = new PublisherBench()
    bench.producer.answer = refuseLargerThan(2_000)
    const events = ['o-1', 'x'.repeat(3_000), 'o-3'].map((orderId) => bench.publisher.encode(orderPlaced, { orderId }))
    const results = await bench.publisher.publishEncoded(events)
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})
