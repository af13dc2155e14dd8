import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RawHeader } from '../../src/driver.ts'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import type { AttemptInfo } from '../../src/tracing/telemetry.ts'
import { RecordedSpans } from '../support/recorded-spans.ts'

const created = { traceId: '1'.repeat(32), spanId: '2'.repeat(16) }
const traceparent: RawHeader = ['traceparent', Buffer.from(`00-${created.traceId}-${created.spanId}-01`)]

function attempt(given: Partial<AttemptInfo> = {}): AttemptInfo {
  return {
    topic: 'orders',
    partition: 3,
    recordOffset: 42n,
    group: 'inventory',
    clientId: 'inventory-1',
    eventType: 'order.placed',
    eventId: 'id-1',
    attempt: 2,
    record: { headers: [traceparent] },
    traceId: null,
    ...given,
  }
}

let spans: RecordedSpans
beforeEach(() => {
  spans = new RecordedSpans()
})
afterEach(() => spans.stop())

describe('an attempt at a batch', () => {
  const other: RawHeader = ['traceparent', Buffer.from(`00-${'3'.repeat(32)}-${'4'.repeat(16)}-01`)]
  const info = {
    topic: 'orders',
    partition: 3,
    group: 'inventory',
    clientId: 'inventory-1',
    eventType: 'order.placed',
    headers: [[traceparent], [], [other]],
  }

  it('is a span of its own, linked to the creation context of each record', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const batch = telemetry.startBatch(info)
    batch.run(() => spans.provider.getTracer('test').startSpan('insert').end())
    batch.end()
    const [process] = spans.named('process orders')
    expect(process?.kind).toBe(SpanKind.CONSUMER)
    expect(process?.parentSpanContext).toBeUndefined()
    expect(process?.links.map((link) => link.context.spanId)).toEqual([created.spanId, '4'.repeat(16)])
    expect(process?.attributes).toMatchObject({
      'messaging.batch.message_count': 3,
      'messaging.operation.type': 'process',
      'messaging.consumer.group.name': 'inventory',
    })
    expect(spans.named('insert')[0]?.parentSpanContext?.spanId).toBe(process?.spanContext().spanId)
  })

  it('leaves what a record of it causes in the trace of that record', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const record = telemetry.attemptInBatch(attempt())
    expect(trace.getSpanContext(record.context)).toMatchObject(created)
    expect(record.traceId).toBe(created.traceId)
    expect(createTelemetry().startBatch(info).traceId).toMatch(/^[0-9a-f]{32}$/)
  })
})

describe('an attempt', () => {
  it('is a CONSUMER span, child of the creation context and not linked to it', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const span = telemetry.startAttempt(attempt())
    expect(span.traceId).toBe(created.traceId)
    span.end()
    span.end()
    const [process, ...more] = spans.named('process orders')
    expect(more).toEqual([])
    expect(process?.kind).toBe(SpanKind.CONSUMER)
    expect(process?.parentSpanContext).toMatchObject({ ...created, isRemote: true })
    expect(process?.links).toEqual([])
    expect(process?.attributes).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'messaging.destination.name': 'orders',
      'messaging.destination.partition.id': '3',
      'messaging.consumer.group.name': 'inventory',
      'messaging.client.id': 'inventory-1',
      'messaging.kafka.offset': 42,
      'messaging.message.id': 'id-1',
      'tributary.event.type': 'order.placed',
      'tributary.attempt': 2,
    })
  })

  it('runs with its span active, across awaits', async () => {
    const span = createTelemetry({ tracerProvider: spans.provider }).startAttempt(attempt())
    await span.run(async () => {
      await Promise.resolve()
      expect(trace.getActiveSpan()?.spanContext().traceId).toBe(created.traceId)
    })
    span.end()
  })

  it.each([
    ['an error with a code', Object.assign(new Error('no'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
    ['an error', new TypeError('no'), 'TypeError'],
    ['undefined', undefined, 'undefined'],
    ['null', null, 'null'],
    ['text', 'no', 'string'],
    [
      'something that cannot be read',
      new Proxy(
        {},
        {
          has: () => {
            throw new Error('trap')
          },
        },
      ),
      'unreadable',
    ],
  ])('that fails with %s says so on its span', (_, thrown, type) => {
    const span = createTelemetry({ tracerProvider: spans.provider }).startAttempt(attempt())
    span.fail(thrown)
    span.end()
    const [process] = spans.finished
    expect(process?.attributes['error.type']).toBe(type)
    expect(process?.status.code).toBe(SpanStatusCode.ERROR)
  })

  it('believes the body where the headers name another trace, or none', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const traceId = '3'.repeat(32)
    for (const headers of [[traceparent], []]) {
      const span = telemetry.startAttempt(attempt({ record: { headers }, traceId }))
      expect(span.traceId).toBe(traceId)
      span.end()
    }
    expect(spans.finished.map((span) => span.spanContext().traceId)).toEqual([traceId, traceId])
  })

  it('of a redriven record continues the original trace and links the hop, if the hop lies in it', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const hop = (traceId: string): RawHeader => [
      'tributary.traceparent',
      Buffer.from(`00-${traceId}-${'5'.repeat(16)}-01`),
    ]
    telemetry.startAttempt(attempt({ record: { headers: [traceparent, hop(created.traceId)] } })).end()
    telemetry.startAttempt(attempt({ record: { headers: [traceparent, hop('6'.repeat(32))] } })).end()
    expect(spans.finished.map(({ links }) => links.map((link) => link.context.spanId))).toEqual([['5'.repeat(16)], []])
  })

  it('has the dead-letter write below it', () => {
    const telemetry = createTelemetry({ tracerProvider: spans.provider })
    const span = telemetry.startAttempt(attempt())
    const write = telemetry.startDeparture({
      topic: 'orders.inventory.dlq',
      clientId: 'inventory-1',
      eventId: 'id-1',
      reason: 'rejected',
      context: span.context,
    })
    write.end()
    span.end()
    const [send] = spans.named('send orders.inventory.dlq')
    const [process] = spans.named('process orders')
    expect(send?.parentSpanContext?.spanId).toBe(process?.spanContext().spanId)
    expect(send?.attributes['tributary.reason']).toBe('rejected')
    expect(String(write.traceparent)).toBe(`00-${created.traceId}-${send?.spanContext().spanId}-01`)
  })
})

describe('without an SDK', () => {
  it('an attempt still knows its trace and hands it on', () => {
    const telemetry = createTelemetry()
    const span = telemetry.startAttempt(attempt())
    expect(span.traceId).toBe(created.traceId)
    expect(trace.getSpanContext(span.context)).toMatchObject(created)
    expect(span.run(() => 7)).toBe(7)
    const write = telemetry.startDeparture({
      topic: 'orders.inventory.dlq',
      clientId: 'inventory-1',
      eventId: null,
      reason: 'rejected',
      context: span.context,
    })
    expect(String(write.traceparent)).toBe(`00-${created.traceId}-${created.spanId}-01`)
  })

  it('a record without any trace starts one, and keeps to it', () => {
    const span = createTelemetry().startAttempt(attempt({ record: { headers: [] } }))
    expect(span.traceId).toMatch(/^(?!0+$)[0-9a-f]{32}$/)
    expect(trace.getSpanContext(span.context)?.traceId).toBe(span.traceId)
    expect(span.traceId).toBe(span.traceId)
  })

  it('spans begin as soon as one is registered', () => {
    const telemetry = createTelemetry()
    telemetry.startSend('orders', 'client', ROOT_CONTEXT, 1).end()
    trace.setGlobalTracerProvider(spans.provider)
    telemetry.startSend('orders', 'client', ROOT_CONTEXT, 1).end()
    trace.disable()
    expect(spans.named('send orders')).toHaveLength(1)
  })
})
