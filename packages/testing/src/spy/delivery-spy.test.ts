import {
  deadLetterTopic,
  defineEvent,
  defineSubscription,
  type EventEnvelope,
  type HandlerContext,
  type HandlerRegistration,
  handle,
  handleBatch,
  headerNames,
  isOfBatches,
  provenanceHeaderNames,
  type RawHeader,
  type SubscriptionDefinition,
  silentLogger,
  skip,
} from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../clock/virtual-clock.ts'
import { inMemoryDriver } from '../memory/in-memory-driver.ts'
import { type DeliverySpy, deliverySpy } from './delivery-spy.ts'

const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: ({ orderId }) => orderId,
  schema: { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields: [{ name: 'orderId', type: 'string' }] },
})

function subscriptionOf(handler: (orderId: string) => unknown) {
  return defineSubscription({ group: 'stock', on: [handle(orderPlaced, ({ data }) => handler(data.orderId))] })
}

/** The handler of a subscription, watched. */
function watched(spy: DeliverySpy, subscription: SubscriptionDefinition): HandlerRegistration {
  const [handler] = spy.wrap(subscription).on
  if (handler === undefined || isOfBatches(handler))
    throw new Error('the subscription has one handler of single events')
  return handler
}

const context: HandlerContext = {
  group: 'stock',
  attempt: 2,
  signal: new AbortController().signal,
  deadlineAt: 0,
  extend: () => 0,
  log: silentLogger,
  publish: () => Promise.reject(new Error('not in this test')),
  encode: () => {
    throw new Error('not in this test')
  },
  isFenced: () => false,
  throwIfFenced: () => {},
}

function event(orderId: string): EventEnvelope {
  return {
    id: `id-${orderId}`,
    type: 'order.placed',
    source: 'test',
    timestamp: new Date(0),
    traceId: '0'.repeat(32),
    causationId: null,
    correlationId: null,
    subject: null,
    key: orderId,
    data: { orderId },
    origin: { topic: 'orders', partition: 0, recordOffset: 0n },
  }
}

describe('delivery spy', () => {
  it('finds what has already happened, and what is still to come', async () => {
    const spy = deliverySpy()
    const handler = watched(
      spy,
      subscriptionOf(() => 'done'),
    )
    expect(handler.handle(event('a'), context)).toBe('done')
    expect(await spy.waitFor({ id: 'id-a' }, 'handled')).toMatchObject({
      type: 'order.placed',
      key: 'a',
      group: 'stock',
      attempts: 2,
    })
    const later = spy.waitFor({ key: 'b' }, 'handled')
    handler.handle(event('b'), context)
    expect((await later).event?.data).toEqual({ orderId: 'b' })
  })

  it('sees asynchronous handlers fail and skip, and hands on what they return and throw', async () => {
    const spy = deliverySpy()
    const handler = watched(
      spy,
      subscriptionOf(async (orderId) => {
        if (orderId === 'broken') throw new TypeError('no such thing')
        return skip('not mine')
      }),
    )
    await expect(handler.handle(event('broken'), context)).rejects.toThrow('no such thing')
    await expect(handler.handle(event('other'), context)).resolves.toMatchObject({ code: 'SKIPPED' })
    expect(spy.seen.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['failed', 'no such thing'],
      ['skipped', 'not mine'],
    ])
  })

  it('sees what a batch handler says of each event, and hands it on', () => {
    const spy = deliverySpy()
    const outcomes = [undefined, skip('not mine'), new TypeError('no such thing')]
    const definition = defineSubscription({ group: 'stock', on: [handleBatch(orderPlaced, {}, () => outcomes)] })
    const [handler] = spy.wrap(definition).on
    if (handler === undefined || !isOfBatches(handler)) throw new Error('it handles batches')
    expect(handler.handleBatch([event('a'), event('b'), event('c')], { ...context, for: () => context })).toBe(outcomes)
    expect(spy.seen.map(({ id, outcome, reason }) => [id, outcome, reason])).toEqual([
      ['id-a', 'handled', null],
      ['id-b', 'skipped', 'not mine'],
      ['id-c', 'failed', 'no such thing'],
    ])
  })

  it('says what it has seen instead when the time is over', async () => {
    const clock = createVirtualClock()
    const spy = deliverySpy({ clock })
    watched(
      spy,
      subscriptionOf(() => {}),
    ).handle(event('a'), context)
    const waiting = spy.waitFor({ id: 'id-b', type: 'order.placed' }, 'handled', { timeoutMs: 500 })
    const outcome = expect(waiting).rejects.toThrow(
      'a delivery handled: id id-b, type order.placed; did not happen within 500 ms. Seen so far:\n  handled by stock: order.placed id-a (key a), attempt 2',
    )
    await clock.advance(500)
    await outcome
  })

  it('counts', async () => {
    const spy = deliverySpy()
    const handler = watched(
      spy,
      subscriptionOf(() => {}),
    )
    const both = spy.waitForCount(2, { predicate: ({ key }) => key !== 'b' }, 'handled')
    for (const orderId of ['a', 'b', 'c']) handler.handle(event(orderId), context)
    expect((await both).map(({ key }) => key)).toEqual(['a', 'c'])
  })

  it('reads dead letters, those without id and type as well', async () => {
    const topic = deadLetterTopic('orders', 'stock')
    const driver = inMemoryDriver({ topics: { [topic]: 2 } })
    await using spy = deliverySpy()
    const producer = driver.createProducer({ clientId: 'engine' })
    const provenance: RawHeader[] = [
      [provenanceHeaderNames.originGroup, Buffer.from('stock')],
      [provenanceHeaderNames.reason, Buffer.from('undecodable')],
      [provenanceHeaderNames.attempts, Buffer.from('3')],
    ]
    const id: RawHeader = [headerNames.id, Buffer.from('id-a')]
    const write = (partition: number, headers: RawHeader[]) =>
      producer.append({ topic, partition }, [{ key: null, value: Buffer.from('?'), headers, timestamp: 0 }], {
        timeoutMs: 1_000,
      })
    await write(0, [...provenance, id])
    await spy.watchDeadLetters(
      driver,
      subscriptionOf(() => {}),
    )
    await write(1, provenance)
    expect(await spy.waitFor({ id: 'id-a' }, 'dead-lettered')).toMatchObject({
      group: 'stock',
      topic,
      attempts: 3,
      reason: 'undecodable',
    })
    expect(
      (await spy.waitFor({ predicate: (fact) => fact.id === null }, 'dead-lettered')).record?.value?.toString(),
    ).toBe('?')
    await driver.close()
  })
})
