import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { world } from './world.ts'

describe('a handler that misbehaves for one event', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('no')
      },
    ],
    [
      'throws a TypeError',
      () => {
        throw new TypeError('x is not a function')
      },
    ],
    [
      'throws undefined',
      () => {
        throw undefined
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
  ])('and %s: the event is dead-lettered, its neighbours are handled', async (_, misbehave) => {
    const w = await world()
    await w.member((event) => (event.data.n === 7 ? misbehave() : undefined))
    await w.publish(50)
    await w.settled()
    expect(w.handled).toHaveLength(49)
    expect(w.deadLetters().map(({ reason }) => reason)).toEqual(['attempts-exhausted'])
  })

  it('and never returns: neighbours go on, heartbeats never stop, and it ends as a dead letter', async () => {
    const w = await world()
    const subscription = await w.member((event) => (event.data.n === 7 ? new Promise(() => {}) : undefined), {
      attempt: { deadlineMs: 300, abandonAfterMs: 200 },
      session: { sessionTimeoutMs: 600, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 15_000 },
    })
    await w.publish(50)
    await vi.waitFor(() => expect(w.handled.length).toBeGreaterThanOrEqual(45), { timeout: 1_000 })
    await w.settled()
    expect(w.duplicates).toBe(0)
    expect(w.deadLetters()).toHaveLength(1)
    expect(subscription.health()).toMatchObject({ abandoned: 3, ready: true })
  })

  it('and returns after its deadline: that success changes nothing, a later attempt does', async () => {
    const w = await world({ partitions: 1 })
    const attempts: number[] = []
    await w.member(
      async (event, ctx) => {
        if (event.data.n !== 3) return
        attempts.push(ctx.attempt)
        if (ctx.attempt === 1) await sleep(400)
      },
      { attempt: { deadlineMs: 150 } },
    )
    await w.publish(10)
    await w.settled()
    expect(attempts).toEqual([1, 2])
    expect(w.handled).toHaveLength(10)
    expect(w.deadLetters()).toEqual([])
  })

  it('and blocks the process for longer than the session timeout: nothing is lost', async () => {
    const w = await world()
    await w.member(
      (event, ctx) => {
        if (event.data.n !== 7 || ctx.attempt > 1 || w.handled.length > 50) return
        const until = performance.now() + 700
        while (performance.now() < until);
      },
      { session: { sessionTimeoutMs: 300, heartbeatIntervalMs: 100, rebalanceTimeoutMs: 15_000 } },
    )
    await w.publish(50)
    await w.settled()
    expect(new Set(w.handled).size).toBe(50)
  })
})

describe('a record that is no event', () => {
  it('is dead-lettered byte for byte at once, whatever is wrong with it', async () => {
    const w = await world({ partitions: 1 })
    const poison = [
      Buffer.from('not avro'),
      Buffer.alloc(0),
      null,
      Buffer.from('c301ffffffffffffffff00', 'hex'),
      Buffer.alloc(300_000, 7),
    ]
    const producer = w.driver().createProducer({ clientId: 'rude' })
    await w.member(() => {})
    await w.publish(5)
    for (const value of poison) {
      const headers = [
        ['x', null],
        ['x', Buffer.from([0xff])],
      ] as const
      await producer.append({ topic: 'orders', partition: 0 }, [{ key: null, value, headers, timestamp: 0 }], {
        timeoutMs: 5_000,
      })
    }
    await w.publish(5, { from: 5 })
    await w.settled()
    expect(w.handled).toHaveLength(10)
    // Without a key they have no order, and one whose schema is looked up first takes longer.
    const letters = w.deadLetters().toSorted((a, b) => a.place.localeCompare(b.place))
    expect(letters.map(({ value }) => value)).toEqual(poison)
    expect(letters.map(({ reason }) => reason)).toEqual([
      'undecodable',
      'undecodable',
      'undecodable',
      'unknown-schema',
      'undecodable',
    ])
  })
})
