import { deadLetterTopicsOf, redrive } from '@tributary/cli'
import {
  applyTopics,
  createEventBus,
  defineEvent,
  defineSubscription,
  fixed,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { startTelemetry } from '@tributary/telemetry'
import { expect, it } from 'vitest'

const run = Date.now().toString(36)

const returnAsked = defineEvent({
  type: 'return.asked',
  topic: `returns-${run}`,
  key: (asked) => asked.orderId,
  schema: { type: 'record', name: 'ReturnAsked', namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }] },
})

interface JaegerSpan {
  readonly operationName: string
  readonly startTime: number
  readonly spanID: string
  readonly references: readonly { readonly refType: string; readonly spanID: string }[]
  readonly tags: readonly { readonly key: string; readonly value: unknown }[]
}

it('shows attempts, dead letter and redrive of one event as one trace in Jaeger', { timeout: 60_000 }, async () => {
  const telemetry = await startTelemetry({
    serviceName: 'returns',
    otlpEndpoint: process.env['TRIBUTARY_REAL_OTLP'] ?? '',
  })
  const driver = kafkajs({ brokers: (process.env['TRIBUTARY_REAL_KAFKA'] ?? '').split(',') })
  const bus = createEventBus({ source: 'returns-service', driver })
  const group = `returns-${run}`
  let isMended = false
  const handled = Promise.withResolvers<{ traceId: string; attempt: number }>()
  const returns = defineSubscription({
    group,
    on: [
      handle(returnAsked, ({ traceId }, { attempt }) => {
        if (!isMended) throw new Error('the label printer is on fire')
        handled.resolve({ traceId, attempt })
      }),
    ],
    onFailure: { inPlace: { attempts: 2, backoff: fixed(50) }, outage: false },
  })
  await applyTopics(bus.admin, planTopics({ events: [returnAsked], subscriptions: [returns] }))
  await bus.subscribe(returns).ready
  await bus.publish(returnAsked, { orderId: 'o-1' })

  const topics = deadLetterTopicsOf(returnAsked.topic, group)
  await expect
    .poll(async () => (await bus.admin.offsets(topics.deadLetterTopic)).some(({ logEndOffset }) => logEndOffset > 0n), {
      timeout: 20_000,
    })
    .toBe(true)
  isMended = true
  const producer = driver.createProducer({ clientId: 'redrive' })
  expect((await redrive({ admin: bus.admin, producer, topics })).redriven).toBe(1)
  const { traceId, attempt } = await handled.promise
  expect(attempt).toBe(1)
  await bus.close()
  await driver.close()
  expect(await telemetry.shutdown()).toBe(true)

  const spansSeen = async (): Promise<JaegerSpan[]> => {
    const response = await fetch(`${process.env['TRIBUTARY_REAL_JAEGER_QUERY']}/api/traces/${traceId}`)
    if (!response.ok) return []
    const { data } = (await response.json()) as { data: { spans: JaegerSpan[] }[] }
    return data.flatMap(({ spans }) => spans).sort((a, b) => a.startTime - b.startTime)
  }
  await expect.poll(async () => (await spansSeen()).length, { timeout: 10_000 }).toBe(5)
  const spans = await spansSeen()
  expect(spans.map(({ operationName }) => operationName)).toEqual([
    `send ${returnAsked.topic}`,
    `process ${returnAsked.topic}`,
    `process ${returnAsked.topic}`,
    `send ${topics.deadLetterTopic}`,
    `process ${topics.redriveTopic}`,
  ])
  const tag = (span: JaegerSpan | undefined, key: string): unknown =>
    span?.tags.find((candidate) => candidate.key === key)?.value
  const [send, first, second, deadLetter, redriven] = spans
  const parent = (span: JaegerSpan | undefined): string | undefined =>
    span?.references.find(({ refType }) => refType === 'CHILD_OF')?.spanID
  expect([first, second].map((span) => [tag(span, 'tributary.attempt'), tag(span, 'otel.status_code')])).toEqual([
    [1, 'ERROR'],
    [2, 'ERROR'],
  ])
  expect([first, second].map(parent)).toEqual([send?.spanID, send?.spanID])
  expect(parent(deadLetter)).toBe(second?.spanID)
  expect(redriven?.references.length).toBeGreaterThan(0)
})
