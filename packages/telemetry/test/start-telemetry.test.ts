import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, metrics, propagation, trace } from '@opentelemetry/api'
import { logCorrelation, startTelemetry, type Telemetry, type TelemetryOptions } from '@tributary/telemetry'
import { afterEach, describe, expect, test } from 'vitest'
import { startOtlpReceiver } from './otlp-receiver.ts'

let telemetry: Telemetry | undefined

async function start(options: Partial<TelemetryOptions>): Promise<Telemetry> {
  telemetry = await startTelemetry({ serviceName: 'orders', ...options })
  return telemetry
}

afterEach(async () => {
  await telemetry?.shutdown(500)
  telemetry = undefined
})

const tracer = () => trace.getTracer('test')
const meter = () => metrics.getMeter('test')

describe('without an endpoint', () => {
  test('nothing is registered, and a span has no valid context', async () => {
    const off = await start({})
    expect(off.isOn).toBe(false)
    expect(tracer().startSpan('x').isRecording()).toBe(false)
    expect(await off.shutdown()).toBe(true)
  })
})

describe('traces', () => {
  test('spans that ended before shutdown are all received', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({ otlpEndpoint: `${receiver.url}/` })
    for (let n = 0; n < 1_000; n += 1) tracer().startSpan(`span ${n}`).end()
    expect(await on.shutdown()).toBe(true)
    expect(new Set(receiver.spans().map((span) => span.name)).size).toBe(1_000)
  })

  test('the resource names the service and says nothing about the host, the user or the command line', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({
      otlpEndpoint: receiver.url,
      serviceVersion: '1.2.3',
      resourceAttributes: { 'deployment.environment.name': 'test' },
    })
    tracer().startSpan('x').end()
    await on.shutdown()
    expect([...receiver.resourceKeys()].sort()).toEqual([
      'deployment.environment.name',
      'service.name',
      'service.version',
      'telemetry.sdk.language',
      'telemetry.sdk.name',
      'telemetry.sdk.version',
    ])
  })

  test('with sampleRatio 0 a new trace is not recorded, and one that was sampled elsewhere is', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({ otlpEndpoint: receiver.url, sampleRatio: 0 })
    tracer().startSpan('ours').end()
    const remote = propagation.extract(context.active(), {
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    })
    tracer().startSpan('theirs', {}, remote).end()
    await on.shutdown()
    expect(receiver.spans().map((span) => [span.name, span.traceId])).toEqual([
      ['theirs', '0af7651916cd43dd8448eb211c80319c'],
    ])
  })

  test('a log line inside a span carries the ids of that span, and none outside', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({ otlpEndpoint: receiver.url })
    const fields = await tracer().startActiveSpan('handle', async (span) => {
      await Promise.resolve()
      span.end()
      return logCorrelation()
    })
    await on.shutdown()
    const [received] = receiver.spans()
    expect(fields).toEqual({ trace_id: received?.traceId, span_id: received?.spanId })
    expect(logCorrelation()).toEqual({})
  })
})

describe('metrics', () => {
  test('are pushed over OTLP where nobody scrapes them', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({ otlpEndpoint: receiver.url })
    meter().createCounter('things').add(1)
    await on.shutdown()
    expect(receiver.metricNames()).toEqual(['things'])
  })

  test('are served on a free port, with the buckets of the conventions for durations, and are not pushed as well', async () => {
    await using receiver = await startOtlpReceiver()
    const on = await start({ otlpEndpoint: receiver.url, prometheus: { port: 0 } })
    meter().createCounter('things').add(3)
    meter().createHistogram('messaging.process.duration', { unit: 's' }).record(0.003)
    const text = await (await fetch(on.metricsUrl ?? '')).text()
    await on.shutdown()

    expect(text).toMatch(/^things_total\{.*\} 3$/m)
    const bounds = [...text.matchAll(/^messaging_process_duration_bucket\{.*le="([^"]+)"/gm)].map(([, bound]) => bound)
    expect(bounds).toEqual([
      '0.005',
      '0.01',
      '0.025',
      '0.05',
      '0.075',
      '0.1',
      '0.25',
      '0.5',
      '0.75',
      '1',
      '2.5',
      '5',
      '7.5',
      '10',
      '+Inf',
    ])
    expect(receiver.metricNames()).toEqual([])
    await expect(fetch(on.metricsUrl ?? '')).rejects.toThrow()
  })

  test('a port that is taken is reported as such', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    await expect(startTelemetry({ serviceName: 'orders', prometheus: { port } })).rejects.toMatchObject({
      code: 'TELEMETRY_START_FAILED',
      message: expect.stringContaining(`127.0.0.1:${port}`),
    })
    other.close()
  })
})

describe('shutdown', () => {
  test('gives up at its deadline when the collector never answers', async () => {
    await using receiver = await startOtlpReceiver({ mute: true })
    const on = await start({ otlpEndpoint: receiver.url })
    tracer().startSpan('x').end()
    const startedAt = performance.now()
    expect(await on.shutdown(200)).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  test('may be called twice, and telemetry can be started again afterwards', async () => {
    await using receiver = await startOtlpReceiver()
    const first = await start({ otlpEndpoint: receiver.url })
    tracer().startSpan('before').end()
    expect(await Promise.all([first.shutdown(), first.shutdown()])).toEqual([true, true])

    const second = await start({ otlpEndpoint: receiver.url })
    tracer().startSpan('after').end()
    await second.shutdown()
    expect(receiver.spans().map((span) => span.name)).toEqual(['before', 'after'])
  })

  test('tells the logger what was lost when the collector is away, and throws nothing', async () => {
    const receiver = await startOtlpReceiver()
    await receiver[Symbol.asyncDispose]()
    const reported: string[] = []
    const logger = { warn: () => {}, error: (_fields: object, message: string) => void reported.push(message) }
    const on = await start({ otlpEndpoint: receiver.url, logger })
    tracer().startSpan('x').end()
    expect(await on.shutdown(200)).toBe(false)
    expect(reported).toEqual([expect.stringContaining('did not take everything within 200 ms')])
  })
})

test('every fault of the options is named at once', async () => {
  const wrong = { serviceName: ' ', sampleRatio: 2, otlpEndpoint: 'localhost:4318', prometheus: { port: 70_000 } }
  const error = await startTelemetry(wrong).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'TELEMETRY_START_FAILED' })
  for (const option of ['serviceName', 'sampleRatio', 'otlpEndpoint', 'prometheus.port'])
    expect(String(error)).toContain(option)
})
