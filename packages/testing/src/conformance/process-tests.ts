import { handle } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { deliverySpy } from '../spy/delivery-spy.ts'
import type { BusBench } from './bus-bench.ts'
import { numbered, numberIn } from './numbered.ts'

/** Processes that close, come back, and share the work. */
export function processTests(bench: () => BusBench): void {
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
}
