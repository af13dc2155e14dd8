import { handle, handleBatch, headerNames, headerText, Reject, skip } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { deliverySpy } from '../spy/delivery-spy.ts'
import type { BusBench } from './bus-bench.ts'
import { numbered, numberIn } from './numbered.ts'

/** From a publish to its settlement, on the log and in the committed offsets. */
export function handlingTests(bench: () => BusBench): void {
  it('hands a published event to the handler as it was published, and commits it', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = bench().subscription(handle(placed, () => {}))
    const bus = await bench().running(spy.wrap(subscription))
    const published = await bus.publish(placed, { key: 'a', number: 1 }, { correlationId: 'talk', subject: 'a thing' })
    const { event } = await spy.waitFor({ id: published.id }, 'handled')
    expect(event).toMatchObject({
      type: 'placed',
      source: 'conformance',
      key: 'a',
      data: { key: 'a', number: 1 },
      correlationId: 'talk',
      subject: 'a thing',
      traceId: expect.stringMatching(/^[0-9a-f]{32}$/),
      origin: { topic: placed.topic, partition: published.partition, recordOffset: published.offset },
    })
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(1n), 10_000)
  })

  it('gives every group every event', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscriptions = [0, 1].map(() => bench().subscription(handle(placed, () => {})))
    const bus = await bench().running(...subscriptions.map((subscription) => spy.wrap(subscription)))
    const { id } = await bus.publish(placed, { key: 'a', number: 1 })
    for (const { group } of subscriptions) await spy.waitFor({ id, group }, 'handled')
  })

  it('handles each event once and those of a key in order, with many at the same time', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const running = new Set<string>()
    let mostRunning = 0
    const subscription = bench().subscription(
      handle(placed, async ({ key, data }) => {
        expect(running.has(key ?? '')).toBe(false)
        running.add(key ?? '')
        mostRunning = Math.max(mostRunning, running.size)
        await new Promise((resolve) => setTimeout(resolve, data.number % 4))
        running.delete(key ?? '')
      }),
    )
    const bus = await bench().running(spy.wrap(subscription))
    await bus.publishMany(
      placed,
      numbered(300, (number) => `key ${number % 20}`),
    )
    const handled = await spy.waitForCount(300, {}, 'handled', { timeoutMs: 30_000 })
    expect(spy.seen).toHaveLength(300)
    expect(mostRunning).toBeGreaterThan(1)
    for (let key = 0; key < 20; key++) {
      const numbers = handled.filter((fact) => fact.key === `key ${key}`).map(({ event }) => numberIn(event?.data))
      expect(numbers).toEqual(numbered(15, () => '').map((_, round) => round * 20 + key))
    }
  })

  it('commits nothing while an earlier record of the partition is in flight', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const released = Promise.withResolvers<void>()
    const subscription = bench().subscription(
      handle(placed, ({ data }) => (data.number === 0 ? released.promise : undefined)),
    )
    const bus = await bench().running(spy.wrap(subscription))
    const slow = await bus.publish(placed, { key: 'slow', number: 0 })
    const others = await bus.publishMany(placed, numbered(30, (number) => `key ${number}`).slice(1))
    await spy.waitForCount(29, {}, 'handled')
    const elsewhere = others.filter(({ partition }) => partition !== slow.partition)
    await vi.waitFor(
      async () => expect(await bench().committedCount(placed, subscription)).toBe(BigInt(elsewhere.length)),
      10_000,
    )
    released.resolve()
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(30n), 10_000)
  })

  it('hands events to a batch handler, keeps the order of keys between batches, and settles each by itself', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const sizes: number[] = []
    const subscription = bench().subscription(
      handleBatch(placed, { maxRecords: 25, maxWaitMs: 100 }, async (events, ctx) => {
        sizes.push(events.length)
        await new Promise((resolve) => setTimeout(resolve, 2))
        return events.map((event) => {
          const { number } = event.data
          if (number === 50) return new Reject('as planned')
          return number % 40 === 7 && ctx.for(event).attempt === 1 ? new Error('not yet') : undefined
        })
      }),
    )
    const bus = await bench().running(spy.wrap(subscription))
    await bus.publishMany(
      placed,
      numbered(200, (number) => `key ${number % 20}`),
    )
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(200n), {
      timeout: 30_000,
    })
    expect(Math.max(...sizes)).toBeGreaterThan(1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(25)
    expect(await bench().deadLetters(placed, subscription)).toHaveLength(1)
    for (let key = 0; key < 20; key++) {
      const last = new Map<number, number>()
      const handled = spy.seen.filter((fact) => fact.key === `key ${key}` && fact.outcome === 'handled')
      for (const [index, { event }] of handled.entries()) last.set(numberIn(event?.data), index)
      const inOrder = [...last.keys()].toSorted((one, other) => one - other)
      // What counted last of each event is in the order of the key, whatever was said of it before.
      expect(inOrder.map((number) => last.get(number))).toEqual(
        [...last.values()].toSorted((one, other) => one - other),
      )
    }
  })

  it('settles what is skipped and what no handler is for', async () => {
    const placed = bench().event()
    const unknown = bench().event('of.no.interest', placed.topic)
    await using spy = deliverySpy()
    const subscription = bench().subscription(handle(placed, () => skip('nothing to do')))
    const bus = await bench().running(spy.wrap(subscription))
    await bus.publish(unknown, { key: 'a', number: 1 })
    const { id } = await bus.publish(placed, { key: 'a', number: 2 })
    expect(await spy.waitFor({ id }, 'skipped')).toMatchObject({ reason: 'nothing to do' })
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(2n), 10_000)
    expect(await bench().deadLetters(placed, subscription)).toEqual([])
  })

  it('carries trace and cause from event to event, and gives what a handler publishes the same id in every attempt', async () => {
    const placed = bench().event()
    const confirmed = bench().event('confirmed')
    await using spy = deliverySpy()
    const confirming = bench().subscription(
      handle(placed, async ({ data }, { publish, attempt }) => {
        await publish(confirmed, { key: data.key, number: data.number })
        if (attempt === 1) throw new Error('after publishing')
      }),
    )
    const listening = bench().subscription(handle(confirmed, () => {}))
    const bus = await bench().running(spy.wrap(confirming), spy.wrap(listening))
    const { id } = await bus.publish(placed, { key: 'a', number: 1 }, { correlationId: 'talk' })
    const [first, second] = await spy.waitForCount(2, { type: 'confirmed' }, 'handled')
    expect(first?.id).toBe(second?.id)
    const cause = await spy.waitFor({ id }, 'handled')
    expect(first?.event).toMatchObject({ causationId: id, correlationId: 'talk', traceId: cause.event?.traceId })
  })

  it('is published with its headers for any CloudEvents reader', async () => {
    const placed = bench().event()
    await bench().ensureTopics([placed], [])
    const { id } = await bench().bus().publish(placed, { key: 'a', number: 1 })
    const [published] = await bench().log(placed.topic)
    const headers = published?.headers ?? []
    expect(headerText(headers, headerNames.id)).toBe(id)
    expect(headerText(headers, headerNames.type)).toBe('placed')
    expect(headerText(headers, headerNames.specVersion)).toBe('1.0')
    expect(headerText(headers, headerNames.traceparent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    expect(published?.key?.toString()).toBe('a')
  })
}
