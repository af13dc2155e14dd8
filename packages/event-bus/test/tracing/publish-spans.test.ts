import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { AlwaysOffSampler } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { RawHeader } from '../../src/driver.ts'
import { headerText } from '../../src/events/headers.ts'
import { rawHeaders } from '../../src/raw-record.ts'
import { untraced } from '../../src/tracing/suppression.ts'
import { orderPlaced } from '../support/orders.ts'
import { PublisherBench } from '../support/publisher-bench.ts'
import { RecordedSpans } from '../support/recorded-spans.ts'
import type { Append } from '../support/scripted-producer.ts'

let spans: RecordedSpans
beforeEach(() => {
  spans = new RecordedSpans()
})
afterEach(() => spans.stop())

function publisherBench(): { bench: PublisherBench; headers: () => readonly RawHeader[] } {
  const bench = new PublisherBench({ tracerProvider: spans.provider })
  let last: readonly RawHeader[] = []
  bench.producer.answer = (append: Append) => {
    last = rawHeaders(append.records.at(-1)?.headers ?? [])
    append.acknowledge()
  }
  return { bench, headers: () => last }
}

describe('a publish', () => {
  it('is a PRODUCER span below the active one, and the creation context of the event', async () => {
    const { bench, headers } = publisherBench()
    const tracer = spans.provider.getTracer('test')
    const request = tracer.startSpan('POST /orders')
    await context.with(trace.setSpan(context.active(), request), () =>
      bench.publisher.publish(orderPlaced, { orderId: 'o-1' }),
    )
    request.end()
    const [send] = spans.named('send orders')
    expect(send?.kind).toBe(SpanKind.PRODUCER)
    expect(send?.parentSpanContext?.spanId).toBe(request.spanContext().spanId)
    expect(headerText(headers(), 'traceparent')).toBe(
      `00-${request.spanContext().traceId}-${send?.spanContext().spanId}-01`,
    )
    expect(send?.attributes).toMatchObject({
      'messaging.system': 'kafka',
      'messaging.operation.name': 'send',
      'messaging.operation.type': 'send',
      'messaging.destination.name': 'orders',
      'messaging.client.id': 'order-service-1',
    })
  })

  it('of many events is one span', async () => {
    const { bench } = publisherBench()
    await bench.publisher.publishMany(orderPlaced, [{ orderId: 'o-1' }, { orderId: 'o-2' }])
    expect(spans.finished.map(({ attributes }) => attributes['messaging.batch.message_count'])).toEqual([2])
  })

  it('that fails says why on its span', async () => {
    const { bench } = publisherBench()
    await bench.publisher.close()
    await bench.publisher.publish(orderPlaced, { orderId: 'o-1' }).catch(() => {})
    const [send] = spans.named('send orders')
    expect(send?.status.code).toBe(SpanStatusCode.ERROR)
    expect(send?.attributes['error.type']).toBe('BUS_CLOSED')
  })

  it('still carries a valid trace where tracing is suppressed', async () => {
    const { bench, headers } = publisherBench()
    await untraced(() => bench.publisher.publish(orderPlaced, { orderId: 'o-1' }))
    expect(headerText(headers(), 'traceparent')).toMatch(/^00-(?!0+-)[0-9a-f]{32}-(?!0+-)[0-9a-f]{16}-01$/)
    expect(spans.finished).toEqual([])
  })

  it('calls the driver with tracing suppressed, and outside of the request', async () => {
    const { bench } = publisherBench()
    const tracer = spans.provider.getTracer('an automatic instrumentation')
    bench.producer.answer = (append: Append) => {
      expect(trace.getActiveSpan()).toBeUndefined()
      tracer.startSpan('tcp.write').end()
      append.acknowledge()
    }
    await bench.publisher.publish(orderPlaced, { orderId: 'o-1' })
    expect(spans.finished.map(({ name }) => name)).toEqual(['send orders'])
  })
})

describe('an encoded event', () => {
  it('that a relay sends continues the trace in which it was encoded, and keeps where it began', async () => {
    const { bench, headers } = publisherBench()
    const tracer = spans.provider.getTracer('test')
    const request = tracer.startSpan('POST /orders')
    const encoded = context.with(trace.setSpan(context.active(), request), () =>
      bench.publisher.encode(orderPlaced, { orderId: 'o-1' }),
    )
    request.end()
    const { traceId, spanId } = request.spanContext()
    expect(headerText(encoded.headers, 'traceparent')).toBe(`00-${traceId}-${spanId}-01`)

    await bench.publisher.publishEncoded([encoded])
    const [send] = spans.named('send orders')
    expect(send?.parentSpanContext?.spanId).toBe(spanId)
    expect(headerText(headers(), 'traceparent')).toBe(`00-${traceId}-${send?.spanContext().spanId}-01`)
    expect(headerText(headers(), 'ce_traceparent')).toBe(`00-${traceId}-${spanId}-01`)
  })

  it('travels as it is where nobody records', async () => {
    spans.stop()
    spans = new RecordedSpans(new AlwaysOffSampler())
    const { bench, headers } = publisherBench()
    const encoded = bench.publisher.encode(orderPlaced, { orderId: 'o-1' })
    await bench.publisher.publishEncoded([encoded])
    expect(headers()).toEqual(encoded.headers)
  })
})
