/** A key waits, is let go, and its followers are read again into batches: what is collected is in memory as well. */
import {
  createEventBus,
  deadLetterTopic,
  defineSubscription,
  fixed,
  handleBatch,
  redriveTopic,
} from '@tributary/event-bus'
import { createVirtualClock, inMemoryCluster, inMemoryDriver } from '@tributary/testing'
import { expect, it } from 'vitest'
import { orderPlaced, TOPIC } from './orders.ts'

const GROUP = 'inventory'
const MINUTE_MS = 60_000
const MAX_RECORDS = 40
const RECORDS = 400

it.each([
  ['key', 1],
  ['partition', 1],
  ['partition', 6],
] as const)(
  'followers collected by %s, of %i keys, have no more room than those that wait for their turn (I5)',
  async (by, keys) => {
    const clock = createVirtualClock()
    const cluster = inMemoryCluster({
      clock,
      topics: { [TOPIC]: 1, [deadLetterTopic(TOPIC, GROUP)]: 1, [redriveTopic(TOPIC, GROUP)]: 1 },
    })
    const bus = createEventBus({ source: 'shop', driver: inMemoryDriver({ cluster }), clock })
    const batches: number[][] = []
    let isStuck = true
    bus.subscribe(
      defineSubscription({
        group: GROUP,
        limits: { maxRecordsPerPartition: MAX_RECORDS },
        on: [
          handleBatch(orderPlaced, { maxRecords: MAX_RECORDS, maxWaitMs: 100, by }, (events) => {
            if (isStuck) throw new Error('the stock of this product is being counted')
            batches.push(events.map(({ data }) => data.n))
          }),
        ],
        onFailure: { inPlace: { attempts: 2, backoff: fixed(MINUTE_MS) }, outage: false },
      }),
    )
    const orders = Array.from({ length: RECORDS }, (_, n) => ({ orderId: `slow-${n % keys}`, n }))
    await clock.advanceUntil(bus.publishMany(orderPlaced, orders.slice(0, keys)))
    await clock.advance(1_000)
    await clock.advanceUntil(bus.publishMany(orderPlaced, orders.slice(keys)))
    await clock.advance(10_000)
    expect(batches).toEqual([])

    isStuck = false
    await clock.advanceUntil(() => cluster.committed(GROUP)[0]?.nextOffset === BigInt(RECORDS))
    for (let key = 0; key < keys; key += 1) {
      const ofKey = batches.flat().filter((n) => n % keys === key)
      expect(ofKey).toEqual(orders.filter(({ n }) => n % keys === key).map(({ n }) => n))
    }
    // First each head alone; then one of each key that was never parked, with what is read again beside them.
    const sizes = batches.slice(keys).map(({ length }, index) => (index === 0 ? length - keys : length))
    // A quarter of the limit is for what is read again; one record may be too many, and one whose key is not collected asks for no room.
    expect(sizes[0]).toBeLessThanOrEqual(MAX_RECORDS / 4 + 1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_RECORDS / 4 + 2)
    expect(sizes.length).toBeLessThan(RECORDS / 8)
    await clock.advanceUntil(bus.close())
  },
)
