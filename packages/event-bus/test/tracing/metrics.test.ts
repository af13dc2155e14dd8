import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import { metricNames } from '../../src/tracing/names.ts'
import type { SubscriptionMetrics } from '../../src/tracing/telemetry.ts'
import { orderPlaced } from '../support/orders.ts'
import { PublisherBench } from '../support/publisher-bench.ts'
import { RecordedMetrics } from '../support/recorded-metrics.ts'
import { refuseLargerThan } from '../support/scripted-producer.ts'

let recorded: RecordedMetrics
beforeEach(() => {
  recorded = new RecordedMetrics()
})
afterEach(() => recorded.stop())

/** The points of a metric: labels of interest, and the value (of a histogram: the count). */
async function points(name: string, ...labels: string[]): Promise<unknown[][]> {
  const metric = (await recorded.collect()).find(({ descriptor }) => descriptor.name === name)
  return (metric?.dataPoints ?? []).map(({ attributes, value }) => [
    ...labels.map((label) => attributes[label]),
    typeof value === 'number' ? value : value.count,
  ])
}

function subscriptionMetrics(): SubscriptionMetrics {
  const telemetry = createTelemetry({ meterProvider: recorded.provider })
  return telemetry.subscriptionMetrics({ group: 'inventory', clientId: 'inventory-1', topics: ['orders'] })
}

describe('counters of a subscription', () => {
  it('start at zero for every way in which things can end, so that alerts see the first rise', async () => {
    subscriptionMetrics()
    expect(await points(metricNames.settlements, 'tributary.settlement')).toEqual([
      ['acked', 0],
      ['skipped', 0],
      ['retried', 0],
      ['dead-lettered', 0],
      ['expired', 0],
    ])
    for (const name of [metricNames.abandonedAttempts, metricNames.unknownTypes, metricNames.headerMismatches]) {
      expect(await points(name, 'messaging.destination.name')).toEqual([['orders', 0]])
    }
    expect((await points(metricNames.attempts)).flat()).toEqual([0, 0, 0, 0])
    expect((await points(metricNames.commits)).flat()).toEqual([0, 0, 0, 0])
    expect((await points(metricNames.consumedMessages)).flat()).toEqual([0])
  })

  it('count what they are told', async () => {
    const metrics = subscriptionMetrics()
    metrics.consumed('orders', 3)
    metrics.attempted('orders', 'order.placed', 'succeeded', 5)
    metrics.attempted('orders', 'order.placed', 'failed', 5, 'TypeError')
    metrics.settled('orders', 'acked', 2)
    metrics.deadLettered('orders', 'rejected')
    metrics.committed('orders', 'committed')
    expect((await points(metricNames.consumedMessages)).flat()).toEqual([3])
    expect(await points(metricNames.attempts, 'tributary.outcome')).toContainEqual(['failed', 1])
    expect(await points(metricNames.processDuration, 'tributary.event.type', 'error.type')).toEqual([
      ['order.placed', undefined, 1],
      ['order.placed', 'TypeError', 1],
    ])
    expect(await points(metricNames.settlements, 'tributary.settlement')).toContainEqual(['acked', 2])
    expect(await points(metricNames.deadLetters, 'tributary.reason')).toEqual([['rejected', 1]])
    expect(await points(metricNames.commits, 'tributary.outcome')).toContainEqual(['committed', 1])
  })
})

describe('gauges of partitions', () => {
  it('are read at each collection, and fall to zero when a partition is gone or the subscription has ended', async () => {
    const reading = (partition: number) => ({
      topic: 'orders',
      partition,
      lag: 7,
      oldestUnsettledMs: 1_500,
      inFlight: 2,
      parked: 5,
    })
    let owned = [reading(0), reading(3)]
    const stop = subscriptionMetrics().observe(() => owned)
    const partition = 'messaging.destination.partition.id'
    expect(await points(metricNames.lag, partition)).toEqual([
      ['0', 7],
      ['3', 7],
    ])
    expect((await points(metricNames.oldestUnsettledAge)).flat()).toEqual([1.5, 1.5])
    expect((await points(metricNames.inFlight)).flat()).toEqual([2, 2])
    expect((await points(metricNames.parked)).flat()).toEqual([5, 5])

    owned = [reading(3)]
    expect(await points(metricNames.lag, partition)).toEqual([
      ['0', 0],
      ['3', 7],
    ])
    stop()
    expect((await points(metricNames.lag)).flat()).toEqual([0, 0])
  })
})

describe('metrics of a publisher', () => {
  it('count records by batch, with the error of those that failed', async () => {
    const bench = new PublisherBench({ meterProvider: recorded.provider })
    bench.producer.answer = refuseLargerThan(2_000)
    await bench.publisher.publishMany(orderPlaced, [{ orderId: 'o-1' }, { orderId: 'o-2' }])
    await bench.publisher.publish(orderPlaced, { orderId: 'x'.repeat(3_000) }).catch(() => {})
    expect(await points(metricNames.sentMessages, 'messaging.destination.name', 'error.type')).toEqual([
      ['orders', undefined, 2],
      ['orders', 'RECORD_TOO_LARGE', 1],
    ])
    expect(await points(metricNames.operationDuration, 'messaging.operation.name')).toEqual([
      ['send', 1],
      ['send', 1],
    ])
  })
})
