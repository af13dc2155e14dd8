import { describe, expect, it } from 'vitest'
import type { RawHeader } from '../../src/driver.ts'
import { RecordTooLargeError, Reject, TopicNotFoundError, WriteRefusedError } from '../../src/errors.ts'
import { provenanceHeaderNames as names } from '../../src/events/header-names.ts'
import { headerText } from '../../src/events/headers.ts'
import { splitProvenance } from '../../src/failing/provenance.ts'
import type { RecordOnLog } from '../../src/raw-record.ts'
import { order, rig } from './rig.ts'

const reject = (): never => {
  throw new Reject('no such product')
}
const notWritten = { outcome: 'not-written' } as const
const fresh = { committed: { nextOffset: 0n, metadata: '' } }

function sizeOf({ value, headers }: RecordOnLog): number {
  return (value?.length ?? 0) + headers.reduce((sum, [name, bytes]) => sum + name.length + (bytes?.length ?? 0), 0)
}

describe('a dead letter', () => {
  it('has key, value and headers byte for byte and in order, and says where it comes from and why', async () => {
    const { driver, clock } = rig(reject)
    const strange: RawHeader[] = [
      ['x', Buffer.from([0xff, 0xfe])],
      ['x', null],
      ['', Buffer.alloc(0)],
      ['x', Buffer.from('again')],
    ]
    const record = { ...order('a', 1), headers: [...strange, ...order('a', 1).headers] }
    const partition = await driver.assign(2, { committed: { nextOffset: 41n, metadata: '' }, logEndOffset: 50n })
    partition.deliver([record])
    await clock.settle()

    const [written] = driver.appended
    expect(written).toMatchObject({ topic: 'orders.inventory.dlq', partition: 2 })
    const { provenance, original } = splitProvenance(written?.record.headers ?? [])
    expect(original).toEqual(record.headers)
    expect(written?.record.key).toEqual(record.key)
    expect(written?.record.value).toEqual(record.value)
    expect(written?.record.timestamp).toBe(clock.now())
    expect(Object.fromEntries(provenance)).toMatchObject({
      [names.originTopic]: 'orders',
      [names.originPartition]: '2',
      [names.originOffset]: '41',
      [names.originTimestamp]: '1000',
      [names.originGroup]: 'inventory',
      [names.reason]: 'rejected',
      [names.errorClass]: 'Reject',
      [names.errorCode]: 'REJECTED',
      [names.errorMessage]: 'no such product',
      [names.attempts]: '1',
      [names.failedAt]: '2026-01-01T00:00:00.000Z',
    })
    expect(provenance.get(names.errorStack)).toContain('Reject')
    expect(provenance.get(names.traceparent)).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
  })

  it.each([
    ['bytes that are no Avro', { value: Buffer.from('{"orderId":1}') }, 'undecodable'],
    ['an empty value', { value: Buffer.alloc(0) }, 'undecodable'],
    ['a null value', { value: null }, 'undecodable'],
    ['a cut body', { value: order('a', 1).value?.subarray(0, 12) ?? null }, 'undecodable'],
    ['an unknown schema', { value: Buffer.from('c3010102030405060708ffff', 'hex') }, 'unknown-schema'],
  ])('is made of %s without a retry, and neighbours are handled', async (_, bytes, reason) => {
    const handled: number[] = []
    const { driver, clock } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), { ...order('a', 2), ...bytes }, order('a', 3)])
    await clock.advance(1_000)
    expect(handled).toEqual([1, 3])
    expect(driver.appended.map(({ record }) => headerText(record.headers, names.reason))).toEqual([reason])
    expect(driver.appended[0]?.record.value).toEqual(bytes.value)
    expect(driver.committed(0)).toBe(3n)
  })

  it('is made of an event of a type without a handler only when the subscription says so', async () => {
    const stranger = { ...order('a', 1), headers: [['ce_type', Buffer.from('order.cancelled')] as const] }
    const skipping = rig(() => {})
    ;(await skipping.driver.assign(0)).deliver([stranger])
    await skipping.clock.advance(1_000)
    expect(skipping.driver.appended).toEqual([])
    expect(skipping.driver.committed(0)).toBe(1n)

    const strict = rig(() => {}, { unknownTypes: 'dead-letter' })
    ;(await strict.driver.assign(0)).deliver([stranger])
    await strict.clock.advance(1_000)
    expect(headerText(strict.driver.appended[0]?.record.headers ?? [], names.reason)).toBe('unknown-type')
    expect(strict.driver.committed(0)).toBe(1n)
  })

  it('goes to the partition of its origin, modulo what the dead-letter topic has', async () => {
    const { driver, clock } = rig(reject)
    driver.partitionsOf = () => 3
    const partition = await driver.assign(7)
    partition.deliver([order('a', 1)])
    await clock.settle()
    expect(driver.appended.map((write) => write.partition)).toEqual([1])
  })

  it('is acknowledged before its record is settled (I3)', async () => {
    const acknowledged = Promise.withResolvers<void>()
    const handled: number[] = []
    const { driver, clock } = rig((event) => (event.data.n === 1 ? reject() : void handled.push(event.data.n)))
    driver.onAppend = () => acknowledged.promise
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('a', 2), order('b', 3)])
    await clock.advance(5_000)
    expect(handled).toEqual([3])
    expect(driver.committed(0)).toBe(0n)
    acknowledged.resolve()
    await clock.advance(1_000)
    expect(handled).toEqual([3, 2])
    expect(driver.committed(0)).toBe(3n)
  })

  it('is written again until it is acknowledged while its topic is away, and health says why', async () => {
    const { driver, clock, subscription } = rig((event) => (event.data.n === 1 ? reject() : undefined))
    let isAway = true
    driver.onAppend = (topic) => {
      if (isAway) throw new TopicNotFoundError(`no topic ${topic}`, notWritten)
    }
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(120_000)
    expect(driver.committed(0)).toBe(0n)
    const [degraded] = subscription.health().degraded
    expect(degraded).toMatchObject({ topic: 'orders', partition: 0, recordOffset: 0n })
    expect(degraded?.reason).toContain('no topic orders.inventory.dlq')
    isAway = false
    await clock.advance(31_000)
    expect(driver.appended).toHaveLength(1)
    expect(driver.committed(0)).toBe(2n)
    expect(subscription.health().degraded).toEqual([])
  })

  it('leaves out stack, then message, then the value, until it fits', async () => {
    const big = { ...order('a', 1), value: Buffer.alloc(1_000) }
    for (const [limit, expected] of [
      [1_800, { stack: false, message: true, value: 1_000 }],
      [1_740, { stack: false, message: false, value: 1_000 }],
      [900, { stack: false, message: false, value: undefined }],
    ] as const) {
      const { driver, clock } = rig(() => {})
      driver.onAppend = (_, record) => {
        if (sizeOf(record) > limit) throw new RecordTooLargeError(`more than ${limit}`, notWritten)
      }
      const partition = await driver.assign(0)
      partition.deliver([big])
      await clock.advance(1_000)
      const written = driver.appended[0]?.record
      expect({
        stack: headerText(written?.headers ?? [], names.errorStack) !== null,
        message: headerText(written?.headers ?? [], names.errorMessage) !== null,
        value: written?.value?.length,
      }).toEqual(expected)
      expect(headerText(written?.headers ?? [], names.originOffset)).toBe('0')
      expect(driver.committed(0)).toBe(1n)
    }
  })

  it('that is refused in every form is held by default', async () => {
    const { driver, clock, subscription } = rig((event) => (event.data.n === 1 ? reject() : undefined))
    driver.onAppend = () => {
      throw new WriteRefusedError('policy', notWritten)
    }
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(300_000)
    expect(driver.committed(0)).toBe(0n)
    expect(subscription.health().degraded[0]?.reason).toContain('DEAD_LETTER_IMPOSSIBLE')
  })

  it('that is refused in every form is skipped with an alarm when told so', async () => {
    const { driver, clock } = rig(reject, { onFailure: { deadLetterImpossible: 'skip-and-alarm' } })
    driver.onAppend = () => {
      throw new WriteRefusedError('policy', notWritten)
    }
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1)])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(1n)
  })

  it('of a redriven record keeps its first origin and its count, and nothing of an earlier failure twice', async () => {
    const { driver, clock } = rig(reject)
    const text = (name: string, value: string): RawHeader => [name, Buffer.from(value)]
    const { headers } = order('a', 1)
    const earlier = [
      text(names.originTopic, 'orders'),
      text(names.originPartition, '6'),
      text(names.originOffset, '99'),
      text(names.originTimestamp, '77'),
      text(names.originGroup, 'inventory'),
      text(names.reason, 'attempts-exhausted'),
      text(names.attempts, '10'),
      text(names.redriveCount, '2'),
    ]
    const partition = await driver.assign(1, { topic: 'orders.inventory.redrive' })
    partition.deliver([{ ...order('a', 1), headers: [...earlier, ...headers] }])
    await clock.settle()
    const [written] = driver.appended
    expect(written).toMatchObject({ topic: 'orders.inventory.dlq', partition: 2 })
    const { provenance, original } = splitProvenance(written?.record.headers ?? [])
    expect(original).toEqual(headers)
    expect(Object.fromEntries(provenance)).toMatchObject({
      [names.originOffset]: '99',
      [names.originPartition]: '6',
      [names.originTimestamp]: '77',
      [names.reason]: 'rejected',
      [names.attempts]: '1',
      [names.redriveCount]: '2',
    })
  })

  it('does not believe provenance that a record of the source topic or of another group brings along', async () => {
    const { driver, clock } = rig(reject)
    const forged: RawHeader[] = [
      [names.originTopic, Buffer.from('payments')],
      [names.originPartition, Buffer.from('0')],
      [names.originOffset, Buffer.from('1')],
      [names.originGroup, Buffer.from('inventory')],
    ]
    const record = { ...order('a', 1), headers: [...forged, ...order('a', 1).headers] }
    const partition = await driver.assign(0)
    partition.deliver([record])
    await clock.settle()
    const { provenance, original } = splitProvenance(driver.appended[0]?.record.headers ?? [])
    expect(driver.appended[0]?.topic).toBe('orders.inventory.dlq')
    expect(provenance.get(names.originTopic)).toBe('orders')
    expect(original).toEqual(record.headers)
  })
})
