import { describe, expect, it } from 'vitest'
import type { HandlerContext } from '../../src/consuming/definition/handler.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, orderPlaced, rig } from './rig.ts'

const attempt = { deadlineMs: 1_000, abandonAfterMs: 5_000 }
const onFailure = { inPlace: { attempts: 3, backoff: fixed(100) }, outage: false as const }
const fresh = { committed: { nextOffset: 0n, metadata: '' } }

describe('an attempt past its deadline', () => {
  it('is aborted and fenced, and its late success changes nothing (I4)', async () => {
    const late = Promise.withResolvers<void>()
    const contexts: HandlerContext[] = []
    const { driver, clock } = rig(
      (_, ctx) => {
        contexts.push(ctx)
        return ctx.attempt === 1 ? late.promise : new Promise(() => {})
      },
      { attempt, onFailure },
    )
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.advance(999)
    expect(contexts[0]?.signal.aborted).toBe(false)
    expect(contexts[0]?.isFenced()).toBe(false)
    await clock.advance(1)
    expect(contexts[0]?.signal.aborted).toBe(true)
    expect(() => contexts[0]?.throwIfFenced()).toThrow(expect.objectContaining({ code: 'ATTEMPT_FENCED' }))

    late.resolve()
    await clock.advance(1_000)
    expect(contexts.map((ctx) => ctx.attempt)).toEqual([1, 2])
    expect(driver.committed(0)).toBeUndefined()
  })

  it('keeps its key closed and its slot taken until its handler ends', async () => {
    const running: string[] = []
    const { driver, clock } = rig(
      async (event, ctx) => {
        const name = `${event.data.n}.${ctx.attempt}`
        running.push(name)
        await clock.sleep(name === '1.1' ? 3_000 : 10)
        running.splice(running.indexOf(name), 1)
      },
      { attempt, onFailure, concurrency: 1 },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(2_900)
    expect(running).toEqual(['1.1'])
    await clock.advance(105)
    expect(running).toEqual(['2.1'])
    await clock.advance(1_500)
    expect(driver.committed(0)).toBe(2n)
  })

  it('is abandoned after its grace: the next attempt starts, health counts it until its handler ends', async () => {
    const hang = Promise.withResolvers<void>()
    const attempts: number[] = []
    const { driver, clock, subscription } = rig(
      (_, ctx) => {
        attempts.push(ctx.attempt)
        return ctx.attempt === 1 ? hang.promise : undefined
      },
      { attempt: { ...attempt, maxAbandoned: 1 }, onFailure },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.advance(5_999)
    expect(attempts).toEqual([1])
    await clock.advance(1_100)
    expect(attempts).toEqual([1, 2, 1])
    expect(subscription.health()).toMatchObject({ abandoned: 1, live: false })
    hang.resolve()
    await clock.settle()
    expect(subscription.health()).toMatchObject({ abandoned: 0, live: true, inFlight: 0 })
  })

  it('ends as a dead letter that names the deadline when every attempt takes too long', async () => {
    const { driver, clock } = rig(
      (_, ctx) => new Promise((_, reject) => ctx.signal.addEventListener('abort', reject)),
      {
        attempt,
        onFailure,
      },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(5_000)
    const headers = new Map(driver.appended[0]?.record.headers.map(([name, value]) => [name, value?.toString()]))
    expect(headers.get('tributary.error.code')).toBe('ATTEMPT_TIMEOUT')
    expect(headers.get('tributary.attempts')).toBe('3')
    expect(driver.committed(0)).toBe(1n)
  })

  it('has the deadline of its own start, in whatever order attempts end', async () => {
    const aborted: number[] = []
    const { driver, clock } = rig(
      async (event, ctx) => {
        ctx.signal.addEventListener('abort', () => aborted.push(clock.monotonic()))
        if (event.data.n % 2 === 0) return
        await new Promise((_, reject) => ctx.signal.addEventListener('abort', reject))
      },
      { attempt, onFailure: { inPlace: { attempts: 1 } } },
    )
    const partition = await driver.assign(0)
    for (let n = 0; n < 6; n += 1) {
      partition.deliver([order(`k${n}`, n)])
      await clock.advance(100)
    }
    await clock.advance(2_000)
    expect(aborted).toEqual([1_100, 1_300, 1_500])
  })
})

describe('ctx.extend', () => {
  it('moves the deadline, also before the handler has returned its promise, and never forward', async () => {
    const deadlines: number[] = []
    const { driver, clock } = rig(
      async (_, ctx) => {
        if (ctx.attempt > 1) return
        const startedAt = clock.now()
        deadlines.push(ctx.deadlineAt - startedAt, ctx.extend(3_000) - startedAt, ctx.extend(10) - startedAt)
        await clock.sleep(2_500)
        deadlines.push(ctx.extend(2_000) - startedAt, ctx.deadlineAt - startedAt)
        await clock.sleep(1_900)
      },
      { attempt, onFailure },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(6_000)
    expect(deadlines).toEqual([1_000, 3_000, 3_000, 4_500, 4_500])
    expect(driver.committed(0)).toBe(1n)
  })

  it('is refused once the attempt is fenced, and for what is no number', async () => {
    const contexts: HandlerContext[] = []
    const { driver, clock } = rig(
      (_, ctx) => {
        contexts.push(ctx)
        return new Promise(() => {})
      },
      { attempt },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(500)
    expect(() => contexts[0]?.extend(Number.NaN)).toThrow(RangeError)
    contexts[0]?.extend(1_000)
    await clock.advance(999)
    expect(contexts[0]?.signal.aborted).toBe(false)
    await clock.advance(1)
    expect(contexts[0]?.signal.aborted).toBe(true)
    expect(() => contexts[0]?.extend(1_000)).toThrow(expect.objectContaining({ code: 'ATTEMPT_FENCED' }))
  })
})

describe('a lost partition', () => {
  it('fences what is in flight and commits nothing (I4)', async () => {
    const late = Promise.withResolvers<void>()
    let context: HandlerContext | undefined
    const { driver, clock, subscription, published } = rig((_, ctx) => {
      context = ctx
      return late.promise
    })
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.settle()
    partition.lose()
    expect(context?.signal.aborted).toBe(true)
    await expect(context?.publish(orderPlaced, { orderId: 'a', n: 9 })).rejects.toMatchObject({
      code: 'ATTEMPT_FENCED',
      outcome: 'not-written',
    })
    late.resolve()
    await clock.advance(10_000)
    expect(driver.commits).toEqual([])
    expect(published).toEqual([])
    expect(subscription.health()).toMatchObject({ inFlight: 0, lag: 0 })
  })

  it('gives no retry and no dead letter any more', async () => {
    const { driver, clock } = rig(
      (event) => {
        throw new Error(event.id)
      },
      { onFailure: { inPlace: { attempts: 2, backoff: fixed(1_000) } } },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(500)
    partition.lose()
    await clock.advance(60_000)
    expect(driver.appended).toEqual([])
  })

  it('that comes back waits, key by key, for handlers of the epoch before', async () => {
    const hang = Promise.withResolvers<void>()
    const handled: number[] = []
    const { driver, clock } = rig((event) => {
      handled.push(event.data.n)
      return handled.length === 1 ? hang.promise : undefined
    })
    const before = await driver.assign(0)
    before.deliver([order('a', 1)])
    await clock.settle()
    before.lose()
    const now = await driver.assign(0)
    now.deliver([order('a', 1), order('b', 2), order('a', 3)])
    await clock.settle()
    expect(handled).toEqual([1, 2])
    hang.resolve()
    await clock.advance(1_000)
    expect(handled).toEqual([1, 2, 1, 3])
    expect(driver.committed(0)).toBe(3n)
  })

  it('leaves a completion of the epoch before without effect on the present one', async () => {
    const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let started = 0
    const { driver, clock } = rig(() => gates[started++]?.promise, { order: 'none' })
    const before = await driver.assign(0, fresh)
    before.deliver([order('a', 1)])
    await clock.settle()
    before.lose()
    const now = await driver.assign(0, fresh)
    now.deliver([order('a', 1)])
    await clock.settle()
    gates[0]?.resolve()
    await clock.advance(5_000)
    expect(driver.committed(0)).toBeUndefined()
    gates[1]?.resolve()
    await clock.advance(5_000)
    expect(driver.committed(0)).toBe(1n)
  })
})

describe('ctx.publish', () => {
  it('gives a redelivery the same ids, and each event of an attempt another', async () => {
    const { driver, clock, published } = rig(
      async ({ data }, { publish, attempt: number }) => {
        await Promise.all([publish(orderPlaced, { orderId: 'x', n: 1 }), publish(orderPlaced, { orderId: 'x', n: 2 })])
        if (number === 1) throw new Error(`no ${data.n}`)
      },
      { onFailure },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(1_000)
    const idsOf = (cause: string): (string | undefined)[] =>
      published.filter(({ options }) => options.causationId === cause).map(({ options }) => options.id)
    const [first, second, ...again] = idsOf('event-1')
    expect(again).toEqual([first, second])
    expect(new Set([...idsOf('event-1'), ...idsOf('event-2')]).size).toBe(4)
  })

  it('is not disturbed by the signal when the caller gives one of his own', async () => {
    const own = new AbortController()
    const { driver, clock, published } = rig(async (_, ctx) => {
      await ctx.publish(orderPlaced, { orderId: 'x', n: 1 }, { signal: own.signal, id: 'mine', correlationId: 'c' })
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.settle()
    const options = published[0]?.options
    expect(options).toMatchObject({ id: 'mine', correlationId: 'c', causationId: 'event-1' })
    expect(options?.signal?.aborted).toBe(false)
    own.abort()
    expect(options?.signal?.aborted).toBe(true)
  })
})
