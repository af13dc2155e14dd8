import { describe, expect, it } from 'vitest'
import type { RawRecord } from '../../src/driver.ts'
import { RecordTooLargeError, Reject, RetryLater, TopicNotFoundError, WriteRefusedError } from '../../src/errors.ts'
import { provenanceHeaderNames as names } from '../../src/events/header-names.ts'
import { headerText } from '../../src/events/headers.ts'
import { fixed } from '../../src/failing/backoff.ts'
import type { FailurePolicy } from '../../src/failing/failure-policy.ts'
import { splitProvenance } from '../../src/failing/provenance.ts'
import { retryTopics } from '../../src/failing/retry-topics.ts'
import type { RecordOnLog } from '../../src/raw-record.ts'
import { order, rig } from './rig.ts'

const onFailure: FailurePolicy = {
  outage: false,
  inPlace: { attempts: 2, backoff: fixed(100) },
  afterwards: retryTopics({ delaysMs: [10_000, 300_000], order: 'overtake' }),
}
const short = { topic: 'orders.inventory.retry.10s', committed: { nextOffset: 0n, metadata: '' } }
const long = { topic: 'orders.inventory.retry.5m' }
const fresh = { committed: { nextOffset: 0n, metadata: '' } }
const notWritten = { outcome: 'not-written' } as const
const fail = (): never => {
  throw new Error('no')
}
const read = ({ key, value, headers }: RecordOnLog): Partial<RawRecord> => ({ key, value, headers })

describe('a record that fails, with retry topics', () => {
  it('holds its key for the attempts in place, then leaves it, and is due after the delay', async () => {
    const handled: number[] = []
    const { driver, clock } = rig((event) => (event.data.n === 1 ? fail() : void handled.push(event.data.n)), {
      onFailure,
    })
    expect(driver.options?.topics).toEqual([
      'orders.inventory.redrive',
      'orders.inventory.retry.10s',
      'orders.inventory.retry.5m',
      'orders',
    ])
    const partition = await driver.assign(2, { committed: { nextOffset: 41n, metadata: '' }, logEndOffset: 50n })
    partition.deliver([order('a', 1), order('a', 2), order('b', 3)])
    await clock.advance(99)
    expect(handled).toEqual([3])
    await clock.advance(1_501)
    expect(handled).toEqual([3, 2])
    const [written] = driver.appended
    expect(written).toMatchObject({ topic: short.topic, partition: 2, record: { key: order('a', 1).key } })
    const { provenance, original } = splitProvenance(written?.record.headers ?? [])
    expect(original).toEqual(order('a', 1).headers)
    expect(Object.fromEntries(provenance)).toMatchObject({
      [names.originTopic]: 'orders',
      [names.originPartition]: '2',
      [names.originOffset]: '41',
      [names.originGroup]: 'inventory',
      [names.errorMessage]: 'no',
      [names.attempts]: '2',
      [names.firstFailedAt]: '2026-01-01T00:00:00.000Z',
      [names.dueAt]: '2026-01-01T00:00:10.100Z',
    })
    expect(provenance.has(names.reason)).toBe(false)
    expect(driver.committed(2)).toBe(44n)
  })

  it('waits on the log: what is due is taken, the partition is paused at what is not, and the commit stays there', async () => {
    const handled: string[] = []
    const { driver, clock, subscription } = rig(({ data }) => void handled.push(data.orderId), { onFailure })
    const partition = await driver.assign(0, short)
    const due = (inMs: number): Partial<RawRecord> => {
      const at = new Date(clock.now() + inMs).toISOString()
      return { timestamp: clock.now(), headers: [[names.dueAt, Buffer.from(at)], ...order('a', 1).headers] }
    }
    partition.deliver([
      { ...order('a', 1), ...due(-1) },
      { ...order('b', 2), ...due(5_000) },
      { ...order('c', 3), ...due(6_000) },
    ])
    await clock.advance(4_999)
    expect(handled).toEqual(['a'])
    expect(driver.calls).toEqual([`pause ${short.topic}/0`, `seek 1 1 ${short.topic}/0`])
    expect(driver.committed(0, short.topic)).toBe(1n)
    expect(subscription.health()).toMatchObject({ degraded: [], inFlight: 0, oldestUnsettledMs: null })
    driver.calls.length = 0
    await clock.advance(1)
    expect(driver.calls).toEqual([`resume ${short.topic}/0`])
    partition.deliverChunk(1n, 3n, [
      { ...order('b', 2), ...due(0) },
      { ...order('c', 3), ...due(1_000) },
    ])
    await clock.advance(0)
    expect(handled).toEqual(['a', 'b'])
  })

  it.each(['revoke', 'lose', 'close'] as const)('%s in the wait leaves nothing behind', async (end) => {
    const { driver, clock, subscription } = rig(fail, { onFailure })
    await clock.settle()
    const idle = clock.waitingTimers
    const partition = await driver.assign(0, short)
    partition.deliver([{ ...order('a', 1), timestamp: clock.now() }])
    await clock.settle()
    expect(driver.calls).toContain(`pause ${short.topic}/0`)
    if (end === 'revoke') await partition.revoke()
    if (end === 'lose') partition.lose()
    if (end === 'close') await subscription.close()
    driver.calls.length = 0
    await clock.advance(2_000)
    expect(clock.waitingTimers).toBe(end === 'close' ? 0 : idle)
    await clock.advance(60_000)
    expect(driver.calls).toEqual([])
    expect(driver.appended).toEqual([])
  })

  it('has one attempt a hop, counted on with its age, and is given up after the last', async () => {
    const attempts: number[] = []
    const given = rig(
      (_, { attempt }) => {
        attempts.push(attempt)
        fail()
      },
      { onFailure },
    )
    const { driver, clock } = given
    ;(await driver.assign(3, fresh)).deliver([order('a', 1)])
    await clock.advance(100)
    const toShort = driver.appended[0]
    const inShort = await driver.assign(3, short)
    inShort.deliver([toShort === undefined ? {} : read(toShort.record)])
    await clock.advance(10_000)
    expect(attempts).toEqual([1, 2])
    inShort.deliverChunk(0n, 1n, [toShort === undefined ? {} : read(toShort.record)])
    await clock.settle()
    const toLong = driver.appended[1]
    expect(toLong).toMatchObject({ topic: long.topic, partition: 3 })
    expect(headerText(toLong?.record.headers ?? [], names.firstFailedAt)).toBe('2026-01-01T00:00:00.000Z')
    const inLong = await driver.assign(3, long)
    await clock.advance(300_000)
    inLong.deliver([toLong === undefined ? {} : read(toLong.record)])
    await clock.settle()
    expect(attempts).toEqual([1, 2, 3, 4])
    const letter = driver.appended[2]
    expect(letter).toMatchObject({ topic: 'orders.inventory.dlq', partition: 3 })
    const { provenance, original } = splitProvenance(letter?.record.headers ?? [])
    expect(original).toEqual(order('a', 1).headers)
    expect(Object.fromEntries(provenance)).toMatchObject({
      [names.originTopic]: 'orders',
      [names.originOffset]: '0',
      [names.reason]: 'attempts-exhausted',
      [names.attempts]: '4',
      [names.firstFailedAt]: '2026-01-01T00:00:00.000Z',
    })
    expect(provenance.has(names.dueAt)).toBe(false)
  })

  it('goes to the dead-letter topic at once when it would be due beyond its age', async () => {
    const { driver, clock } = rig(fail, { onFailure: { ...onFailure, maxAgeMs: 310_050 } })
    ;(await driver.assign(0, fresh)).deliver([order('a', 1)])
    await clock.advance(100)
    const retry = driver.appended[0]?.record
    await clock.advance(10_000)
    ;(await driver.assign(0, short)).deliver([retry === undefined ? {} : read(retry)])
    await clock.settle()
    expect(driver.appended[1]?.topic).toBe('orders.inventory.dlq')
    expect(headerText(driver.appended[1]?.record.headers ?? [], names.reason)).toBe('too-old')
  })

  it('leaves at once when its handler asks for a wait as long as a delay, and is given up at once when rejected', async () => {
    const { driver, clock } = rig(
      ({ data }) => {
        throw data.n === 1 ? new RetryLater({ afterMs: 60_000 }) : new Reject('no')
      },
      { onFailure },
    )
    ;(await driver.assign(0, fresh)).deliver([order('a', 1), order('b', 2)])
    await clock.settle()
    expect(driver.appended.map(({ topic }) => topic).sort()).toEqual(['orders.inventory.dlq', long.topic])
  })

  it('is settled when its write is acknowledged, and keeps its key until then (I3)', async () => {
    const acknowledged = Promise.withResolvers<void>()
    const handled: number[] = []
    const { driver, clock } = rig((event) => (event.data.n === 1 ? fail() : void handled.push(event.data.n)), {
      onFailure,
    })
    driver.onAppend = () => acknowledged.promise
    ;(await driver.assign(0, fresh)).deliver([order('a', 1), order('a', 2), order('b', 3)])
    await clock.advance(5_000)
    expect(handled).toEqual([3])
    expect(driver.committed(0)).toBe(0n)
    acknowledged.resolve()
    await clock.advance(1_000)
    expect(handled).toEqual([3, 2])
    expect(driver.committed(0)).toBe(3n)
  })

  it.each([
    ['missing', () => new TopicNotFoundError('no such topic', notWritten)],
    ['not writable', () => new WriteRefusedError('no permission', notWritten)],
  ])('waits while its retry topic is %s, is in health, and is due from when it was written', async (_, error) => {
    const { driver, clock, subscription } = rig(fail, { onFailure })
    let isAway = true
    driver.onAppend = (topic) => {
      if (isAway && topic === short.topic) throw error()
    }
    ;(await driver.assign(0, fresh)).deliver([order('a', 1)])
    await clock.advance(120_000)
    expect(driver.appended).toEqual([])
    expect(driver.commits).toEqual([])
    expect(subscription.health().degraded[0]?.reason).toContain(`retry cannot be written to ${short.topic}`)
    isAway = false
    await clock.advance(31_000)
    const [written] = driver.appended
    expect(driver.committed(0)).toBe(1n)
    const dueAt = Date.parse(headerText(written?.record.headers ?? [], names.dueAt) ?? '')
    expect(dueAt).toBe((written?.record.timestamp ?? 0) + 10_000)
  })

  it('leaves out stack, then message, where it is too large, and becomes a dead letter where all of that does not help', async () => {
    const sizeOf = ({ value, headers }: RecordOnLog): number =>
      (value?.length ?? 0) + headers.reduce((sum, [name, bytes]) => sum + name.length + (bytes?.length ?? 0), 0)
    const whole = rig(fail, { onFailure })
    ;(await whole.driver.assign(0, fresh)).deliver([order('a', 1)])
    await whole.clock.advance(100)
    const written = whole.driver.appended[0]?.record
    const stack = headerText(written?.headers ?? [], names.errorStack) ?? ''
    const size = written === undefined ? 0 : sizeOf(written)
    for (const [limit, topic, hasMessage] of [
      [size - stack.length, short.topic, true],
      [size - stack.length - names.errorStack.length - 1, short.topic, false],
    ] as const) {
      const { driver, clock } = rig(fail, { onFailure })
      driver.onAppend = (_, record) => {
        if (sizeOf(record) > limit) throw new RecordTooLargeError(`more than ${limit}`, notWritten)
      }
      ;(await driver.assign(0, fresh)).deliver([order('a', 1)])
      await clock.advance(100)
      const [append] = driver.appended
      expect(append?.topic).toBe(topic)
      expect(headerText(append?.record.headers ?? [], names.errorStack)).toBeNull()
      expect(headerText(append?.record.headers ?? [], names.errorMessage) !== null).toBe(hasMessage)
    }
    const { driver, clock } = rig(fail, { onFailure })
    driver.onAppend = (topic) => {
      if (topic === short.topic) throw new RecordTooLargeError('for any form', notWritten)
    }
    ;(await driver.assign(0, fresh)).deliver([order('a', 1)])
    await clock.advance(2_000)
    expect(driver.appended.map(({ topic }) => topic)).toEqual(['orders.inventory.dlq'])
    expect(driver.committed(0)).toBe(1n)
  })

  it('that is redriven starts its chain anew and keeps its origin and how often it was redriven', async () => {
    const attempts: number[] = []
    const { driver, clock } = rig(
      (_, { attempt }) => {
        attempts.push(attempt)
        fail()
      },
      { onFailure },
    )
    const text = (name: string, value: string) => [name, Buffer.from(value)] as const
    const earlier = [
      text(names.redriveCount, '2'),
      text(names.originTopic, 'orders'),
      text(names.originPartition, '6'),
      text(names.originOffset, '99'),
      text(names.originTimestamp, '77'),
      text(names.originGroup, 'inventory'),
      text(names.reason, 'attempts-exhausted'),
      text(names.attempts, '4'),
      text(names.firstFailedAt, '2025-01-01T00:00:00.000Z'),
      text(names.traceparent, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'),
    ]
    const redriven = { ...order('a', 1), headers: [...earlier, ...order('a', 1).headers] }
    ;(await driver.assign(1, { topic: 'orders.inventory.redrive' })).deliver([redriven])
    await clock.advance(100)
    expect(attempts).toEqual([1, 2])
    const [written] = driver.appended
    expect(written).toMatchObject({ topic: short.topic, partition: 2 })
    const { provenance, original } = splitProvenance(written?.record.headers ?? [])
    expect(original).toEqual(order('a', 1).headers)
    expect(Object.fromEntries(provenance)).toMatchObject({
      [names.originPartition]: '6',
      [names.originOffset]: '99',
      [names.attempts]: '2',
      [names.firstFailedAt]: '2026-01-01T00:00:00.000Z',
      [names.redriveCount]: '2',
    })
  })

  it('does not believe what a record of the source topic says of earlier attempts', async () => {
    const attempts: number[] = []
    const { driver, clock } = rig((_, { attempt }) => void attempts.push(attempt), { onFailure })
    const forged = [
      [names.originTopic, Buffer.from('orders')],
      [names.originPartition, Buffer.from('0')],
      [names.originOffset, Buffer.from('1')],
      [names.originGroup, Buffer.from('inventory')],
      [names.attempts, Buffer.from('99')],
      [names.dueAt, Buffer.from('2099-01-01T00:00:00.000Z')],
      [names.traceparent, Buffer.from('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01')],
    ] as const
    ;(await driver.assign(0, fresh)).deliver([{ ...order('a', 1), headers: [...forged, ...order('a', 1).headers] }])
    await clock.settle()
    expect(attempts).toEqual([1])
  })

  it('starts at the first record of its retry topic, also in a group that starts at the end of the others', async () => {
    const { driver, clock } = rig(() => {}, { onFailure, startFrom: 'latest' })
    const bounds = { committed: null, logStartOffset: 5n, logEndOffset: 9n }
    expect((await driver.assign(0, { ...short, ...bounds })).position).toBe(5n)
    expect((await driver.assign(0, bounds)).position).toBe(9n)
    await clock.settle()
  })
})
