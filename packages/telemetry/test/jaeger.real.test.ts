import { context, metrics, propagation, SpanKind, trace } from '@opentelemetry/api'
import { startTelemetry } from '@tributary/telemetry'
import { expect, test } from 'vitest'

interface JaegerSpan {
  readonly operationName: string
  readonly spanID: string
  readonly references: readonly { readonly refType: string; readonly spanID: string }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
}

test('Jaeger gives back a trace with its parent and child, though it refuses the metrics that are pushed beside it', async () => {
  const telemetry = await startTelemetry({
    serviceName: 'telemetry-test',
    otlpEndpoint: process.env['TRIBUTARY_REAL_OTLP'],
  })
  const tracer = trace.getTracer('test')
  const carrier: Record<string, string> = {}
  const producer = tracer.startSpan('send orders', { kind: SpanKind.PRODUCER })
  propagation.inject(trace.setSpan(context.active(), producer), carrier)
  producer.end()
  const consumer = tracer.startSpan(
    'process orders',
    { kind: SpanKind.CONSUMER },
    propagation.extract(context.active(), carrier),
  )
  consumer.end()
  metrics.getMeter('test').createCounter('things').add(1)
  await telemetry.shutdown()

  const spans = await expect
    .poll(() => spansOf(producer.spanContext().traceId), { timeout: 10_000 })
    .toHaveLength(2)
    .then(() => spansOf(producer.spanContext().traceId))
  const child = spans.find((span) => span.operationName === 'process orders')
  expect(child?.references).toMatchObject([{ refType: 'CHILD_OF', spanID: producer.spanContext().spanId }])
  expect(child?.tags).toContainEqual(expect.objectContaining({ key: 'span.kind', value: 'consumer' }))
})

async function spansOf(traceId: string): Promise<readonly JaegerSpan[]> {
  const response = await fetch(`${process.env['TRIBUTARY_REAL_JAEGER_QUERY']}/api/traces/${traceId}`)
  if (response.status === 404) return []
  const body = (await response.json()) as { data: { spans: JaegerSpan[] }[] }
  return body.data.flatMap((one) => one.spans)
}
