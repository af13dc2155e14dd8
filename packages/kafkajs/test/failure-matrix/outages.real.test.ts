import { fixed } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { realWorld } from './real-world.ts'

/** Attempts that are over long before any outage is. */
const onFailure = { inPlace: { attempts: 3, backoff: fixed(50) } }
const OUTAGE_MS = 10_000

const isPoison = (n: number): boolean => n % 100 === 42

it('on Apache Kafka, ten seconds in which every handler fails cost no dead letter; work goes on within seconds, and poison alone is given up', async () => {
  const world = await realWorld(3)
  let isUp = true
  let poisonIsOut = false
  const subscription = await world.member(
    async ({ data: { n } }) => {
      await new Promise(setImmediate)
      if (!isUp) throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' })
      if (poisonIsOut && isPoison(n)) throw new Error('no such product')
    },
    { onFailure },
  )
  await world.publish(100, { keys: 1_000 })
  await world.settled()
  expect(world.handled).toHaveLength(100)

  isUp = false
  const downAt = performance.now()
  await world.publish(500, { from: 100, keys: 1_000 })
  const outage = { reason: 'outage', eventType: 'order.placed', lastError: 'Error: connect ECONNREFUSED' }
  await vi.waitFor(() => expect(subscription.health().outages).toMatchObject([outage]), { timeout: 5_000 })
  await new Promise((resolve) => setTimeout(resolve, OUTAGE_MS - (performance.now() - downAt)))
  expect(subscription.health()).toMatchObject({ live: true, ready: true })
  expect(world.handled).toHaveLength(100)
  expect(await world.deadLetterKeys()).toEqual([])

  isUp = true
  await vi.waitFor(() => expect(world.handled.length).toBeGreaterThan(100), { timeout: 6_000 })
  await world.settled()
  expect(world.handled.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 600 }, (_, n) => n))
  expect(await world.deadLetterKeys()).toEqual([])
  expect(subscription.health()).toMatchObject({ outages: [], degraded: [] })

  poisonIsOut = true
  // Little by little: poison is given up because others are handled after it has failed.
  for (let from = 600; from < 1_000; from += 50) {
    await world.publish(50, { from, keys: 1_000 })
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await world.settled()
  expect((await world.deadLetterKeys()).toSorted()).toEqual(['order-642', 'order-742', 'order-842', 'order-942'])
  expect(new Set(world.handled).size).toBe(996)
}, 90_000)
