import { handle, headerText, provenanceHeaderNames, Reject } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { deliverySpy } from '../spy/delivery-spy.ts'
import type { BusBench } from './bus-bench.ts'
import { record } from './driver-bench.ts'
import { numbered } from './numbered.ts'

/** What becomes of events that fail: tried again, dead-lettered as they are, redriven. */
export function failingTests(bench: () => BusBench): void {
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
    const headers = letter?.headers ?? []
    expect(headerText(headers, provenanceHeaderNames.attempts)).toBe('3')
    expect(headerText(headers, provenanceHeaderNames.reason)).toBe('attempts-exhausted')
    expect(headerText(headers, provenanceHeaderNames.originTopic)).toBe(placed.topic)
    expect(headerText(headers, provenanceHeaderNames.originOffset)).toBe(String(failing.offset))
    expect(headerText(headers, provenanceHeaderNames.originGroup)).toBe(subscription.group)
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
}
