import { describe, expect, it, onTestFinished } from 'vitest'
import { skip } from '../../src/consuming/definition/handler.ts'
import { Reject, RetryLater } from '../../src/errors.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, rig } from './rig.ts'

const onFailure = { inPlace: { attempts: 3, backoff: fixed(100) }, outage: false as const }

const fail = (): never => {
  throw new Error('no')
}

const faults: [what: string, handler: (n: number) => unknown][] = [
  [
    'throws an Error',
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
  [
    'throws an error whose name is like one of a Kafka client',
    () => {
      throw Object.assign(new Error('no'), { name: 'KafkaJSNonRetriableError', retriable: false })
    },
  ],
  [
    'throws something whose every property throws',
    () => {
      throw new Proxy(
        {},
        {
          get: () => {
            throw new Error('hostile')
          },
        },
      )
    },
  ],
  ['returns a rejected promise', () => Promise.reject(new Error('no'))],
  ['rejects with undefined', () => Promise.reject(undefined)],
  ['returns a thenable whose then throws', () => Object.defineProperty({}, 'then', { value: fail })],
  [
    'returns something whose then cannot be read',
    () =>
      Object.defineProperty({}, 'then', {
        get: () => {
          throw new Error('no')
        },
      }),
  ],
]

describe('a handler that', () => {
  it.each(faults)('%s is tried again and given up, and harms no other event', async (_, misbehave) => {
    const unhandled: unknown[] = []
    const note = (reason: unknown): void => void unhandled.push(reason)
    process.on('unhandledRejection', note)
    onTestFinished(() => void process.off('unhandledRejection', note))

    const attempts: number[] = []
    const handled: number[] = []
    const { driver, clock } = rig(
      (event, ctx) => {
        if (event.data.n !== 2) return void handled.push(event.data.n)
        attempts.push(ctx.attempt)
        return misbehave(event.data.n)
      },
      { onFailure },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3), order('b', 4)])
    await clock.settle()
    expect(handled).toEqual([1, 3])
    await clock.advance(2_000)
    expect(attempts).toEqual([1, 2, 3])
    expect(handled).toEqual([1, 3, 4])
    expect(driver.appended.map(({ topic }) => topic)).toEqual(['orders.inventory.dlq'])
    expect(driver.committed(0)).toBe(4n)
    expect(unhandled).toEqual([])
  })

  it('rejects an event has it dead-lettered at once', async () => {
    const { driver, clock } = rig(() => {
      throw new Reject('no such product')
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.settle()
    expect(driver.appended).toHaveLength(1)
  })

  it('asks for another attempt later gets it then', async () => {
    const at: number[] = []
    const { driver, clock } = rig((_, ctx) => {
      at.push(clock.monotonic())
      if (ctx.attempt === 1) throw new RetryLater({ afterMs: 12_345 })
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(20_000)
    expect(at).toEqual([0, 12_345])
    expect(driver.committed(0)).toBe(1n)
  })

  it('skips an event has it settled', async () => {
    const { driver, clock } = rig(() => skip('test order'))
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(1n)
    expect(driver.appended).toEqual([])
  })

  it.each(['at once', 'by a promise'])(
    'returns %s something that cannot be looked at has its event settled, as with any other value',
    async (how) => {
      const unhandled: unknown[] = []
      const note = (reason: unknown): void => void unhandled.push(reason)
      process.on('unhandledRejection', note)
      onTestFinished(() => void process.off('unhandledRejection', note))
      const hostile = Object.defineProperty({}, 'code', { get: fail })
      const { driver, clock } = rig(() => (how === 'at once' ? hostile : Promise.resolve(hostile)))
      const partition = await driver.assign(0)
      partition.deliver([order('a', 1), order('a', 2)])
      await clock.advance(1_000)
      expect(unhandled).toEqual([])
      expect(driver.committed(0)).toBe(2n)
    },
  )

  it('fails holds only its key while it waits for the next attempt', async () => {
    const handled: string[] = []
    const { driver, clock } = rig(
      (event, ctx) => {
        if (event.data.n === 1 && ctx.attempt < 3) throw new Error('no')
        handled.push(`${event.data.orderId}${event.data.n}`)
      },
      { onFailure: { inPlace: { attempts: 5, backoff: fixed(1_000) } }, concurrency: 1 },
    )
    const partition = await driver.assign(0)
    partition.deliver([order('bad', 1), order('bad', 2), order('good', 3)])
    await clock.settle()
    expect(handled).toEqual(['good3'])
    await clock.advance(2_000)
    expect(handled).toEqual(['good3', 'bad1', 'bad2'])
  })

  it('fails for ever keeps its event when the policy is to hold, and health names it', async () => {
    const { driver, clock, subscription } = rig(
      () => {
        throw new Error('the stock service is away')
      },
      { onFailure: { inPlace: { attempts: 2, backoff: fixed(1_000) }, afterwards: 'hold' } },
    )
    const partition = await driver.assign(3, { committed: { nextOffset: 0n, metadata: '' } })
    partition.deliver([order('a', 1), order('a', 2), order('a', 3)])
    await clock.advance(600_000)
    expect(driver.appended).toEqual([])
    expect(driver.committed(3)).toBeUndefined()
    expect(subscription.health().degraded).toEqual([
      {
        topic: 'orders',
        partition: 3,
        recordOffset: 0n,
        key: 'a',
        followers: 2,
        ageMs: 599_000,
        reason: 'held: Error: the stock service is away',
      },
    ])
  })
})
