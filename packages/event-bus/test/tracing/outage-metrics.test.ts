/** What the instruments of an outage say at each stage of it, through the whole engine. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { Reject } from '../../src/errors.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { createTelemetry } from '../../src/tracing/create-telemetry.ts'
import { attributeNames, metricNames } from '../../src/tracing/names.ts'
import { order, type Rig, rig } from '../consuming/rig.ts'
import { RecordedMetrics } from '../support/recorded-metrics.ts'

let recorded: RecordedMetrics
beforeEach(() => {
  recorded = new RecordedMetrics()
})
afterEach(() => recorded.stop())

const { outages, outageOpen, outageHeld, outagePermits, outageMaxPermits, outageMaxHold } = metricNames

/** Each instrument's values: by reason where it has one, else the value of its only series. */
async function readings(): Promise<Record<string, unknown>> {
  const metrics = await recorded.collect()
  return Object.fromEntries(
    [outages, outageOpen, outageHeld, outagePermits, outageMaxPermits, outageMaxHold].map((name) => {
      const points = metrics.find(({ descriptor }) => descriptor.name === name)?.dataPoints ?? []
      const byReason = points.map(({ attributes, value }) => [attributes[attributeNames.reason] ?? 'any', value])
      return [name, Object.fromEntries(byReason)]
    }),
  )
}

function said(open: object, opened: object, held: number, permits: number): Record<string, unknown> {
  return {
    [outages]: { outage: 0, 'broken-handler': 0, ...opened },
    [outageOpen]: { outage: 0, 'broken-handler': 0, ...open },
    [outageHeld]: { any: held },
    [outagePermits]: { any: permits },
    [outageMaxPermits]: { any: 4 },
    [outageMaxHold]: { any: 600 },
  }
}

function watched(failing: (n: number) => Error | null): Rig {
  return rig(
    ({ data }) => {
      const error = failing(data.n)
      if (error !== null) throw error
    },
    {
      onFailure: {
        inPlace: { attempts: 2, backoff: fixed(100) },
        outage: { maxPermits: 4, maxHoldMs: 600_000, probe: fixed(1_000), releasePerSecond: 100 },
      },
    },
    { telemetry: createTelemetry({ meterProvider: recorded.provider }) },
  )
}

it('count outages, and give what is held and permitted now', async () => {
  let isUp = true
  const { driver, clock, subscription } = watched(() => (isUp ? null : new Error('connect ECONNREFUSED')))
  const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
  const deliver = (from: number, to: number): void =>
    partition.deliver(Array.from({ length: to - from }, (_, index) => order(`order-${from + index}`, from + index)))
  deliver(0, 3)
  await clock.advance(100)
  expect(await readings()).toEqual(said({}, {}, 0, 3))
  deliver(3, 20)
  await clock.advance(100)
  expect(await readings()).toEqual(said({}, {}, 0, 4))

  isUp = false
  deliver(20, 27)
  await clock.advance(5_000)
  expect(await readings()).toEqual(said({ outage: 1 }, { outage: 1 }, 7, 0))

  isUp = true
  await clock.advance(5_000)
  expect(await readings()).toEqual(said({}, { outage: 1 }, 0, 4))
  expect(driver.committed(0)).toBe(27n)

  isUp = false
  deliver(27, 29)
  await clock.advance(5_000)
  expect(await readings()).toEqual(said({ outage: 1 }, { outage: 2 }, 2, 0))
  await subscription.close()
  const { [outages]: opened, ...gauges } = said({}, { outage: 2 }, 0, 0)
  const closed = { ...gauges, [outageMaxPermits]: { any: 0 }, [outageMaxHold]: { any: 0 } }
  expect(await readings()).toEqual({ [outages]: opened, ...closed })
})

it('name a handler that is broken by its own reason', async () => {
  const { driver, clock } = watched(() => new TypeError("Cannot read properties of undefined (reading 'price')"))
  const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
  partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
  await clock.advance(5_000)
  expect(await readings()).toEqual(said({ 'broken-handler': 1 }, { 'broken-handler': 1 }, 3, 0))
})

it('lose a permit to a dead letter for exhausted attempts, and none to a rejected one', async () => {
  const { driver, clock } = watched((n) => {
    if (n === 1) return new Error('no such product')
    return n === 10 ? new Reject('no') : null
  })
  const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
  partition.deliver(Array.from({ length: 10 }, (_, n) => order(`order-${n}`, n)))
  await clock.advance(2_000)
  expect(driver.appended).toHaveLength(1)
  expect(await readings()).toEqual(said({}, {}, 0, 3))
  partition.deliver([order('order-10', 10)])
  await clock.advance(100)
  expect(driver.appended).toHaveLength(2)
  expect(await readings()).toEqual(said({}, {}, 0, 3))
})
