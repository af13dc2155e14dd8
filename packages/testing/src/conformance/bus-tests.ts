import {
  handle,
  handleBatch,
  headerNames,
  provenanceHeaderNames,
  type RawRecord,
  Reject,
  skip,
} from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { deliverySpy } from '../spy/delivery-spy.ts'
import type { BusBench } from './bus-bench.ts'
import { record } from './driver-bench.ts'

const text = ({ headers }: RawRecord, name: string): string | undefined =>
  headers.find(([candidate]) => candidate === name)?.[1]?.toString()
const numbered = (count: number, key: (number: number) => string): { key: string; number: number }[] =>
  Array.from({ length: count }, (_, number) => ({ key: key(number), number }))

/** From a publish to its settlement, on the log and in the committed offsets. */
export function busTests(bench: () => BusBench): void {
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

  it('tries a failed event again, in place, while events of other keys go on', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = bench().subscription(
      handle(placed, ({ key }, { attempt }) => {
        if (key === 'flaky' && attempt < 3) throw new TypeError('not yet')
      }),
    )
    const bus = await bench().running(spy.wrap(subscription))
    const first = await bus.publish(placed, { key: 'flaky', number: 1 })
    const second = await bus.publish(placed, { key: 'flaky', number: 2 })
    const other = await bus.publish(placed, { key: 'other', number: 3 })
    await Promise.all([first, second, other].map(({ id }) => spy.waitFor({ id }, 'handled')))
    const ofFirst = spy.seen.filter(({ id }) => id === first.id)
    expect(ofFirst.map(({ outcome, attempts }) => [outcome, attempts])).toEqual([
      ['failed', 1],
      ['failed', 2],
      ['handled', 3],
    ])
    const flaky = spy.seen.filter(({ key }) => key === 'flaky').map(({ id }) => id)
    expect(flaky.lastIndexOf(first.id)).toBeLessThan(flaky.indexOf(second.id))
    expect(await bench().deadLetters(placed, subscription)).toEqual([])
  })

  it('dead-letters what has failed too often, byte for byte with its history, and goes on', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = bench().subscription(
      handle(placed, ({ data }) => {
        // Not an Error, on purpose: a handler may throw anything.
        if (data.number === 1) throw undefined
      }),
    )
    const bus = await bench().running(spy.wrap(subscription))
    const failing = await bus.publish(placed, { key: 'a', number: 1 })
    const next = await bus.publish(placed, { key: 'a', number: 2 })
    await spy.waitFor({ id: next.id }, 'handled')
    const [letter, ...others] = await bench().deadLetters(placed, subscription)
    expect(others).toEqual([])
    const source = (await bench().log(placed.topic)).find(({ offset }) => offset === failing.offset)
    expect(letter).toMatchObject({ key: source?.key, value: source?.value })
    expect(letter?.headers.slice(-(source?.headers.length ?? 0))).toEqual(source?.headers)
    expect(letter && text(letter, provenanceHeaderNames.attempts)).toBe('3')
    expect(letter && text(letter, provenanceHeaderNames.reason)).toBe('attempts-exhausted')
    expect(letter && text(letter, provenanceHeaderNames.originTopic)).toBe(placed.topic)
    expect(letter && text(letter, provenanceHeaderNames.originOffset)).toBe(String(failing.offset))
    expect(letter && text(letter, provenanceHeaderNames.originGroup)).toBe(subscription.group)
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(2n), 10_000)
  })

  it('dead-letters at once what a handler rejects', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = bench().subscription(handle(placed, () => Promise.reject(new Reject('no such product'))))
    const bus = await bench().running(spy.wrap(subscription))
    await spy.watchDeadLetters(bench().driverBench.driver(), subscription)
    const { id } = await bus.publish(placed, { key: 'a', number: 1 })
    expect(await spy.waitFor({ id }, 'dead-lettered')).toMatchObject({
      attempts: 1,
      reason: expect.stringContaining('no such product'),
    })
    expect(spy.seen.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1)
  })

  it('dead-letters bytes that nobody can read, as they are, and handles what follows', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = bench().subscription(handle(placed, () => {}))
    const bus = await bench().running(spy.wrap(subscription))
    const poison = record({
      key: Buffer.from('a'),
      value: Buffer.from([0xc3, 0x01, 0xff, 0x00]),
      headers: [
        ['x', null],
        ['x', Buffer.from('y')],
      ],
    })
    for (let partition = 0; partition < 3; partition++) {
      await bench().driverBench.producer.append({ topic: placed.topic, partition }, [poison], { timeoutMs: 15_000 })
    }
    const { id } = await bus.publish(placed, { key: 'a', number: 1 })
    await spy.waitFor({ id }, 'handled')
    await vi.waitFor(async () => expect(await bench().committedCount(placed, subscription)).toBe(4n), 10_000)
    const letters = await bench().deadLetters(placed, subscription)
    expect(letters).toHaveLength(3)
    for (const letter of letters) {
      expect(letter).toMatchObject({ key: poison.key, value: poison.value })
      expect(letter.headers.slice(-2)).toEqual(poison.headers)
    }
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

  it('hands a redriven dead letter to the group that failed it and to no other, with its id, from the first attempt', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    let isMended = false
    const failing = bench().subscription(
      handle(placed, () => {
        if (!isMended) throw new Reject('broken')
      }),
    )
    const other = bench().subscription(handle(placed, () => {}))
    const bus = await bench().running(spy.wrap(failing), spy.wrap(other))
    await spy.watchDeadLetters(bench().driverBench.driver(), failing)
    const { id } = await bus.publish(placed, { key: 'a', number: 1 })
    await spy.waitFor({ id, group: other.group }, 'handled')
    const letter = await spy.waitFor({ id }, 'dead-lettered')
    isMended = true
    if (letter.record) await bench().redrive(placed, failing, letter.record)
    expect(await spy.waitFor({ id, group: failing.group }, 'handled')).toMatchObject({ attempts: 1 })
    // What comes after it on every partition has been handled: a copy for the other group would have been seen by then.
    const after = await bus.publishMany(
      placed,
      numbered(12, (number) => `key ${number}`),
    )
    for (const { id: later } of after) await spy.waitFor({ id: later, group: other.group }, 'handled')
    expect(spy.seen.filter((fact) => fact.id === id && fact.group === other.group)).toHaveLength(1)
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

  it('finishes and commits what is in flight when it is closed, and starts nothing more', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const started = Promise.withResolvers<void>()
    const subscription = bench().subscription(
      handle(placed, async () => {
        started.resolve()
        await new Promise((resolve) => setTimeout(resolve, 300))
      }),
      { concurrency: 1 },
    )
    const bus = await bench().running(spy.wrap(subscription))
    await bus.publishMany(
      placed,
      numbered(5, () => 'a'),
    )
    await started.promise
    await bus.close()
    expect(spy.seen.map(({ outcome }) => outcome)).toEqual(['handled'])
    expect(await bench().committedCount(placed, subscription)).toBe(1n)
  })

  it('handles after a restart what was not handled before it, from where it was committed', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = spy.wrap(bench().subscription(handle(placed, () => {})))
    const before = await bench().running(subscription)
    await before.publishMany(
      placed,
      numbered(10, (number) => `key ${number}`),
    )
    await spy.waitForCount(10, {}, 'handled')
    await before.close()
    const after = bench().bus()
    const missed = await after.publish(placed, { key: 'a', number: 11 })
    await after.subscribe(subscription).ready
    await spy.waitFor({ id: missed.id }, 'handled')
    expect(spy.seen).toHaveLength(11)
  })

  it('loses nothing and keeps the order of each key while a second process joins and leaves', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const subscription = spy.wrap(
      bench().subscription(
        handle(placed, ({ data }) => new Promise((resolve) => setTimeout(resolve, data.number % 5))),
      ),
    )
    const first = await bench().running(subscription)
    const second = bench().bus()
    const events = numbered(300, (number) => `key ${number % 15}`)
    for (let start = 0; start < events.length; start += 50) {
      await first.publishMany(placed, events.slice(start, start + 50))
      if (start === 50) await second.subscribe(subscription).ready
      if (start === 200) await second.close()
    }
    await vi.waitFor(() => expect(new Set(spy.seen.map(({ id }) => id)).size).toBe(300), 30_000)
    expect(spy.seen.length).toBe(300)
    for (let key = 0; key < 15; key++) {
      const numbers = spy.seen.filter((fact) => fact.key === `key ${key}`).map(({ event }) => numberIn(event?.data))
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b))
    }
  })

  it('is published with its headers for any CloudEvents reader', async () => {
    const placed = bench().event()
    await bench().ensureTopics([placed], [])
    const { id } = await bench().bus().publish(placed, { key: 'a', number: 1 })
    const [published] = await bench().log(placed.topic)
    expect(published && text(published, headerNames.id)).toBe(id)
    expect(published && text(published, headerNames.type)).toBe('placed')
    expect(published && text(published, headerNames.specVersion)).toBe('1.0')
    expect(published && text(published, headerNames.traceparent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
    expect(published?.key?.toString()).toBe('a')
  })
}

function numberIn(data: unknown): number {
  return typeof data === 'object' && data !== null && 'number' in data ? Number(data.number) : Number.NaN
}
