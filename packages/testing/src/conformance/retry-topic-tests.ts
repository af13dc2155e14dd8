import { fixed, handle, headerText, provenanceHeaderNames, retryTopic, retryTopics } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { deliverySpy } from '../spy/delivery-spy.ts'
import type { BusBench } from './bus-bench.ts'

/** Retries from topics of their own: when, how often, in which order, and after the list of delays has changed. */
export function retryTopicTests(bench: () => BusBench): void {
  const delayed = (...delaysMs: number[]) => ({
    inPlace: { attempts: 2, backoff: fixed(20) },
    outage: false as const,
    afterwards: retryTopics({ delaysMs, order: 'overtake' }),
  })

  it('tries a failed event again from retry topics, never early, while newer events of its key go on', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const startedAt: number[] = []
    const failing = bench().subscription(
      handle(placed, ({ data, origin }, { attempt }) => {
        if (data.number !== 1) return
        startedAt.push(Date.now())
        expect(origin.topic.endsWith({ 3: '.retry.700ms', 4: '.retry.1400ms' }[attempt] ?? '')).toBe(true)
        if (attempt < 4) throw new Error(`attempt ${attempt}`)
      }),
      { onFailure: delayed(700, 1_400) },
    )
    const other = bench().subscription(handle(placed, () => {}))
    const bus = await bench().running(spy.wrap(failing), spy.wrap(other))
    const first = await bus.publish(placed, { key: 'a', number: 1 })
    const second = await bus.publish(placed, { key: 'a', number: 2 })
    await spy.waitFor({ id: first.id, group: failing.group }, 'handled', { timeoutMs: 30_000 })
    await spy.waitFor({ id: second.id, group: failing.group }, 'handled')
    const mine = spy.seen.filter(({ group }) => group === failing.group)
    expect(mine.filter(({ id }) => id === first.id).map(({ attempts }) => attempts)).toEqual([1, 2, 3, 4])
    expect(mine.at(-1)?.id).toBe(first.id)
    const [, inPlace = 0, short = 0, long = 0] = startedAt
    expect(short - inPlace).toBeGreaterThanOrEqual(700)
    expect(long - short).toBeGreaterThanOrEqual(1_400)
    expect(spy.seen.filter(({ id, group }) => id === first.id && group === other.group)).toHaveLength(1)

    const source = (await bench().log(placed.topic)).find(({ offset }) => offset === first.offset)
    const [waited] = await bench().log(retryTopic(placed.topic, failing.group, 1_400))
    expect(waited).toMatchObject({ key: source?.key, value: source?.value })
    expect(waited?.headers.slice(-(source?.headers.length ?? 0))).toEqual(source?.headers)
    expect(await bench().deadLetters(placed, failing)).toEqual([])
    await vi.waitFor(async () => expect(await bench().committedCount(placed, failing)).toBe(2n), 10_000)
  })

  it('dead-letters what fails after the last delay, with all attempts counted, and redrives it from the beginning', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    let isMended = false
    const subscription = bench().subscription(
      handle(placed, () => {
        if (!isMended) throw new Error('broken')
      }),
      { onFailure: delayed(100) },
    )
    const bus = await bench().running(spy.wrap(subscription))
    await spy.watchDeadLetters(bench().driverBench.driver(), subscription)
    const { id, offset, partition } = await bus.publish(placed, { key: 'a', number: 1 })
    const letter = await spy.waitFor({ id }, 'dead-lettered', { timeoutMs: 30_000 })
    expect(letter).toMatchObject({ attempts: 3, reason: expect.stringContaining('attempts-exhausted') })
    const headers = letter.record?.headers ?? []
    expect(headerText(headers, provenanceHeaderNames.originTopic)).toBe(placed.topic)
    expect(headerText(headers, provenanceHeaderNames.originPartition)).toBe(String(partition))
    expect(headerText(headers, provenanceHeaderNames.originOffset)).toBe(String(offset))
    isMended = true
    if (letter.record) await bench().redrive(placed, subscription, letter.record)
    expect(await spy.waitFor({ id }, 'handled')).toMatchObject({ attempts: 1 })
  })

  it('reads the retry topics of an older configuration until they are empty', async () => {
    const placed = bench().event()
    await using spy = deliverySpy()
    const on = handle(placed, (_, { attempt }) => {
      if (attempt < 3) throw new Error('not yet')
    })
    const old = bench().subscription(on, { onFailure: delayed(1_500) })
    const before = await bench().running(spy.wrap(old))
    const { id } = await before.publish(placed, { key: 'a', number: 1 })
    await vi.waitFor(async () => expect(await bench().committedCount(placed, old)).toBe(1n), 10_000)
    await before.close()
    const current = bench().subscription(on, { group: old.group })
    await bench().running(spy.wrap(current))
    expect(await spy.waitFor({ id }, 'handled', { timeoutMs: 30_000 })).toMatchObject({ attempts: 3 })
    expect(await bench().deadLetters(placed, current)).toEqual([])
  })
}
