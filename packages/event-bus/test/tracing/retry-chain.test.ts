/** One trace from the publish to the attempt after a redrive, over a retry topic and the dead-letter topic. */
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { RawRecord } from '../../src/driver.ts'
import { provenanceHeaderNames } from '../../src/events/header-names.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { retryTopics } from '../../src/failing/retry-topics.ts'
import { createPublisher } from '../../src/publishing/create-publisher.ts'
import type { RecordOnLog } from '../../src/raw-record.ts'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import { attributeNames } from '../../src/tracing/names.ts'
import { ManualClock } from '../consuming/manual-clock.ts'
import { orderPlaced, type Rig, rig } from '../consuming/rig.ts'
import { ScriptedDriver } from '../consuming/scripted-driver.ts'
import { RecordedSpans } from '../support/recorded-spans.ts'

const RETRY = 'orders.inventory.retry.10s'
const DEAD_LETTERS = 'orders.inventory.dlq'
const REDRIVE = 'orders.inventory.redrive'

let spans: RecordedSpans
beforeEach(() => {
  spans = new RecordedSpans()
})
afterEach(() => spans.stop())

/** A group whose handler always fails: twice in place, once from the retry topic. */
function failingGroup(): Rig & { readonly publish: () => Promise<unknown> } {
  const telemetry = createTelemetry({ tracerProvider: spans.provider })
  const driver = new ScriptedDriver()
  const clock = new ManualClock()
  const publisher = createPublisher({ source: 'shop', clientId: 'shop', driver, clock, telemetry })
  const onFailure = {
    outage: false as const,
    inPlace: { attempts: 2, backoff: fixed(100) },
    afterwards: retryTopics({ delaysMs: [10_000], order: 'overtake' }),
  }
  const given = rig(
    ({ data }) => {
      throw new Error(`no stock for ${data.orderId}`)
    },
    { onFailure },
    { driver, clock, telemetry },
  )
  return { ...given, publish: () => publisher.publish(orderPlaced, { orderId: 'a', n: 1 }) }
}

/** Hands the group what was written to a topic last, as it is read from there. */
async function read({ driver, clock }: Rig, from: string, topic = from, headers: RawRecord['headers'] = []) {
  const record = written(driver, from)
  const partition = await driver.assign(0, { topic, committed: { nextOffset: 0n, metadata: '' } })
  partition.deliver([{ ...record, headers: [...headers, ...record.headers] }])
  await clock.advance(1_000)
}

function written({ appended }: ScriptedDriver, topic: string): RecordOnLog {
  const last = appended.findLast((append) => append.topic === topic)
  if (last === undefined) throw new Error(`nothing was written to ${topic}`)
  return last.record
}

function only(name: string): ReadableSpan {
  const [span, ...more] = spans.named(name)
  if (span === undefined || more.length > 0) throw new Error(`${more.length + (span ? 1 : 0)} spans are named ${name}`)
  return span
}

const idOf = (span: ReadableSpan): string => span.spanContext().spanId
const parentOf = (span: ReadableSpan): string | undefined => span.parentSpanContext?.spanId
const linksOf = ({ links }: ReadableSpan): string[] => links.map(({ context }) => context.spanId)
const attemptOf = ({ attributes }: ReadableSpan): unknown => attributes[attributeNames.attempt]

it('source attempts, retry topic, dead letter and redrive are one trace: attempts below the publish, each linked to the hop that brought it', async () => {
  const group = failingGroup()
  const publishing = group.publish()
  await group.clock.advance(100)
  await publishing
  await read(group, 'orders')
  await group.clock.advance(10_000)
  await read(group, RETRY)
  // What a redrive writes: the letter, with its redrives counted in front.
  await read(group, DEAD_LETTERS, REDRIVE, [[provenanceHeaderNames.redriveCount, Buffer.from('1')]])

  const publish = only('send orders')
  const inPlace = spans.named('process orders')
  expect(inPlace.map(attemptOf)).toEqual([1, 2])
  for (const attempt of inPlace) {
    expect(parentOf(attempt)).toBe(idOf(publish))
    expect(linksOf(attempt)).toEqual([])
  }

  const [toRetry, toRetryAgain] = spans.named(`send ${RETRY}`)
  const fromRetry = only(`process ${RETRY}`)
  expect(toRetry && parentOf(toRetry)).toBe(inPlace[1] && idOf(inPlace[1]))
  expect([attemptOf(fromRetry), parentOf(fromRetry)]).toEqual([3, idOf(publish)])
  expect(linksOf(fromRetry)).toEqual([toRetry && idOf(toRetry)])

  const toDeadLetters = only(`send ${DEAD_LETTERS}`)
  const redriven = spans.named(`process ${REDRIVE}`)
  expect(parentOf(toDeadLetters)).toBe(idOf(fromRetry))
  expect(redriven.map(attemptOf)).toEqual([1, 2])
  for (const attempt of redriven) {
    expect(parentOf(attempt)).toBe(idOf(publish))
    expect(linksOf(attempt)).toEqual([idOf(toDeadLetters)])
  }
  // The redriven record begins its chain anew, in the same trace.
  expect(toRetryAgain && parentOf(toRetryAgain)).toBe(redriven[1] && idOf(redriven[1]))
  expect(new Set(spans.finished.map((span) => span.spanContext().traceId))).toEqual(
    new Set([publish.spanContext().traceId]),
  )
  expect(spans.finished).toHaveLength(9)
})
