import { describe, expect, it } from 'vitest'
import type { AvroSchema } from '../../src/avro/schema.ts'
import { defineEvent } from '../../src/events/define-event.ts'
import { encodeEvent } from '../../src/events/event-codec.ts'
import { callHeaders, eventHeaders, typeHeader } from '../../src/events/headers.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { rawHeaders } from '../../src/raw-record.ts'
import { order, orderPlaced, rig } from './rig.ts'

const orders = (from: number, to: number): ReturnType<typeof order>[] =>
  Array.from({ length: to - from }, (_, index) => order('same', from + index))

describe('pause and resume', () => {
  it('start no attempt between them, and let those under way end', async () => {
    const handled: number[] = []
    const { driver, clock, subscription } = rig(async (event) => {
      await clock.sleep(100)
      handled.push(event.data.n)
    })
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 2))
    subscription.pause()
    expect(driver.calls).toEqual(['pause orders/0'])
    await clock.advance(10_000)
    expect(handled).toEqual([0])
    expect(driver.committed(0)).toBe(1n)
    subscription.resume()
    await clock.advance(100)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
    expect(handled).toEqual([0, 1])
  })

  it('hold for partitions that are gained meanwhile', async () => {
    const handled: number[] = []
    const { driver, subscription } = rig((event) => void handled.push(event.data.n))
    subscription.pause()
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 1))
    expect(handled).toEqual([])
    expect(driver.calls).toEqual(['pause orders/0'])
    subscription.resume()
    expect(handled).toEqual([0])
  })

  it('hold for a partition that comes back, and for what it brings', async () => {
    const handled: number[] = []
    const { driver, clock, subscription } = rig((event) => void handled.push(event.data.n))
    const before = await driver.assign(0)
    subscription.pause()
    before.deliver(orders(0, 1))
    before.lose()
    const now = await driver.assign(0)
    now.deliver(orders(0, 2))
    await clock.advance(10_000)
    expect(handled).toEqual([])
    expect(driver.calls).toEqual(['pause orders/0', 'pause orders/0'])
    subscription.resume()
    expect(handled).toEqual([0, 1])
    expect(driver.calls.at(-1)).toBe('resume orders/0')
  })

  it('hold for retries whose wait ends meanwhile', async () => {
    const attempts: number[] = []
    const { driver, clock, subscription } = rig(
      (_, ctx) => {
        attempts.push(ctx.attempt)
        if (ctx.attempt === 1) throw new Error('no')
      },
      { onFailure: { inPlace: { attempts: 2, backoff: fixed(100) } } },
    )
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 1))
    subscription.pause()
    await clock.advance(5_000)
    expect(attempts).toEqual([1])
    subscription.resume()
    expect(attempts).toEqual([1, 2])
  })

  it('hold for a record whose schema is found meanwhile', async () => {
    const writer = defineEvent({
      type: 'order.placed',
      topic: 'orders',
      key: (placed) => placed.orderId,
      schema: {
        type: 'record',
        name: 'OrderPlaced',
        namespace: 'shop',
        fields: [
          { name: 'orderId', type: 'string' },
          { name: 'n', type: 'int' },
          { name: 'note', type: 'string' },
        ],
      },
    })
    const meta = { id: 'event-1', traceId: 'a'.repeat(32), timestamp: new Date(0), source: 'test' }
    const found = Promise.withResolvers<AvroSchema>()
    const handled: number[] = []
    const { driver, clock, subscription } = rig(
      (event) => void handled.push(event.data.n),
      {},
      { schemas: { find: () => found.promise, announce: () => Promise.resolve() } },
    )
    const partition = await driver.assign(0)
    const value = encodeEvent(writer, { orderId: 'a', n: 7, note: 'later' }, meta)
    const headers = rawHeaders(eventHeaders(callHeaders({ ...meta, type: typeHeader(orderPlaced.type) }), meta.id))
    partition.deliver([{ key: Buffer.from('a'), value, headers }])
    await clock.settle()
    subscription.pause()
    found.resolve(writer.envelopeSchema)
    await clock.advance(1_000)
    expect(handled).toEqual([])
    expect(subscription.health().inFlight).toBe(0)
    subscription.resume()
    expect(handled).toEqual([7])
  })

  it('are told by health, and over once it is closed', async () => {
    const { driver, clock, subscription } = rig(() => clock.sleep(300))
    const partition = await driver.assign(0)
    partition.deliver(orders(0, 2))
    expect(subscription.health().paused).toBe(false)
    subscription.pause()
    expect(subscription.health()).toMatchObject({ paused: true, live: true, ready: true })
    const closed = subscription.close()
    subscription.resume()
    await clock.advance(1_000)
    await closed
    expect(driver.committed(0)).toBe(1n)
    expect(subscription.health()).toMatchObject({ paused: false, ready: false, inFlight: 0 })
  })
})
