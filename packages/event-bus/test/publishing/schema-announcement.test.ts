import { describe, expect, it } from 'vitest'
import type { SchemaStore } from '../../src/avro/schema-store.ts'
import { SchemaConflictError, SchemaStoreUnavailableError } from '../../src/errors.ts'
import { defineEvent } from '../../src/events/define-event.ts'
import { headerText } from '../../src/events/headers.ts'
import { rawHeaders } from '../../src/raw-record.ts'
import { orderPlaced } from '../support/orders.ts'
import { PublisherBench } from '../support/publisher-bench.ts'
import type { Append } from '../support/scripted-producer.ts'

const orderCancelled = defineEvent({
  type: 'order.cancelled',
  topic: 'orders',
  key: (order) => order.orderId,
  schema: { type: 'record', name: 'OrderCancelled', namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }] },
})

/** A store whose announcements end when a test says so. */
class ScriptedStore implements SchemaStore {
  readonly announced: string[] = []
  readonly waiting: PromiseWithResolvers<void>[] = []
  find = async (): Promise<null> => null

  announce(schema: { name: string }): Promise<void> {
    this.announced.push(schema.name)
    const waiting = Promise.withResolvers<void>()
    this.waiting.push(waiting)
    return waiting.promise
  }
}

function benchWithStore() {
  const store = new ScriptedStore()
  const bench = new PublisherBench({}, {}, store)
  const types: (string | null)[] = []
  bench.producer.answer = (append: Append) => {
    types.push(...append.records.map(({ headers }) => headerText(rawHeaders(headers), 'ce_type')))
    append.acknowledge()
  }
  return { publisher: bench.publisher, clock: bench.clock, store, types }
}

describe('with a schema store', () => {
  it('the first event of a type waits until its schema is stored, and later ones wait for nothing', async () => {
    const { publisher, clock, store, types } = benchWithStore()
    const first = publisher.publish(orderPlaced, { orderId: 'o-1' })
    await clock.settle()
    expect(store.announced).toEqual(['OrderPlacedEnvelope'])
    expect(types).toEqual([])
    store.waiting[0]?.resolve()
    await first
    await publisher.publish(orderPlaced, { orderId: 'o-2' })
    expect(store.announced).toHaveLength(1)
  })

  it('events of a topic do not pass one that waits for its schema', async () => {
    const { publisher, clock, store, types } = benchWithStore()
    const placed = publisher.publish(orderPlaced, { orderId: 'o-1' })
    await clock.settle()
    const cancelled = publisher.publish(orderCancelled, { orderId: 'o-1' })
    store.waiting[0]?.resolve()
    await clock.settle()
    expect(types).toEqual([])
    store.waiting[1]?.resolve()
    await Promise.all([placed, cancelled])
    expect(types).toEqual(['order.placed', 'order.cancelled'])
  })

  it('the first event of a second type waits on a topic that is in use already', async () => {
    const { publisher, clock, store, types } = benchWithStore()
    const placed = publisher.publish(orderPlaced, { orderId: 'o-1' })
    await clock.settle()
    store.waiting[0]?.resolve()
    await placed
    const cancelled = publisher.publish(orderCancelled, { orderId: 'o-1' })
    await clock.settle()
    expect(types).toEqual(['order.placed'])
    store.waiting[1]?.resolve()
    await cancelled
  })

  it('what was encoded for an outbox waits as well', async () => {
    const { publisher, clock, store, types } = benchWithStore()
    const encoded = publisher.encode(orderPlaced, { orderId: 'o-1' })
    const relayed = publisher.publishEncoded([encoded])
    await clock.settle()
    expect(types).toEqual([])
    store.waiting[0]?.resolve()
    expect(await relayed).toMatchObject([{ status: 'fulfilled' }])
  })

  it('a store that is away is asked again, and what runs out of time is not written', async () => {
    const { publisher, clock, store, types } = benchWithStore()
    const hasty = publisher.publish(orderPlaced, { orderId: 'o-1' }, { timeoutMs: 50 })
    const outcome = expect(hasty).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT', outcome: 'not-written' })
    const patient = publisher.publish(orderPlaced, { orderId: 'o-2' })
    await clock.settle()
    store.waiting[0]?.reject(new SchemaStoreUnavailableError('nobody answers'))
    await clock.advance(1_000)
    await outcome
    store.waiting[1]?.resolve()
    await patient
    expect(types).toEqual(['order.placed'])
  })

  it('a schema that is refused fails the publish as not written, and the next publish asks again', async () => {
    const { publisher, clock, store } = benchWithStore()
    const refused = publisher.publish(orderPlaced, { orderId: 'o-1' })
    const outcome = expect(refused).rejects.toMatchObject({ code: 'WRITE_REFUSED', outcome: 'not-written' })
    await clock.settle()
    store.waiting[0]?.reject(new SchemaConflictError('another schema has this fingerprint'))
    await outcome
    const again = publisher.publish(orderPlaced, { orderId: 'o-1' })
    await clock.settle()
    store.waiting[1]?.resolve()
    await expect(again).resolves.toBeDefined()
  })
})
