import { randomBytes } from 'node:crypto'
import {
  deadLetterTopic,
  headerNames,
  headerText,
  provenanceHeaderNames as names,
  type RawHeader,
  redriveTopic,
} from '@tributary/event-bus'
import { createVirtualClock, inMemoryDriver } from '@tributary/testing'
import { describe, expect, it } from 'vitest'
import { deadLetterTopicsOf, type RedriveOptions, redrive, redriveProgressGroup } from '../src/index.ts'

const GROUP = 'stock'
const DLQ = deadLetterTopic('orders', GROUP)
const REDRIVE = redriveTopic('orders', GROUP)

const header = (name: string, value: string): RawHeader => [name, Buffer.from(value)]

function bench() {
  const clock = createVirtualClock(9_000)
  const driver = inMemoryDriver({ topics: { orders: 4, [DLQ]: 4, [REDRIVE]: 2 } })
  const admin = driver.createAdmin({ clientId: 'test' })
  const producer = driver.createProducer({ clientId: 'test' })
  const append = (topic: string, partition: number, key: Buffer | null, value: Buffer | null, headers: RawHeader[]) =>
    producer.append({ topic, partition }, [{ key, value, headers, timestamp: 1 }], { timeoutMs: 1_000 })
  /** A dead letter of partition `partition` as the engine writes it, here with its origin at offset 7. */
  const deadLetter = (partition: number, id: string, more: RawHeader[] = [], group = GROUP) =>
    append(DLQ, partition, Buffer.from([0xff, partition]), Buffer.from(`value of ${id}`), [
      header(names.originTopic, 'orders'),
      header(names.originPartition, String(partition)),
      header(names.originOffset, '7'),
      header(names.originGroup, group),
      header(names.attempts, '5'),
      header(names.firstFailedAt, '2026-01-01T00:00:00.000Z'),
      ...more,
      header(headerNames.id, id),
      header('x', 'twice'),
      ['x', null],
      header('x', 'twice'),
    ])
  const run = (options: Partial<RedriveOptions> = {}) =>
    redrive({ admin, producer, topics: deadLetterTopicsOf('orders', GROUP), clock, ...options })
  const redriven = () => [0, 1].flatMap((partition) => driver.cluster.log(REDRIVE, partition))
  const ids = () => redriven().map(({ headers }) => headerText(headers, headerNames.id))
  return { driver, append, deadLetter, run, redriven, ids }
}

describe('redrive', () => {
  it('keeps key, value and headers byte for byte, counts itself, and writes to the partition of the origin', async () => {
    const { driver, deadLetter, run } = bench()
    await deadLetter(3, 'a')
    const [before] = driver.cluster.log(DLQ, 3)
    expect(await run()).toMatchObject({ redriven: 1, leftBehind: [], remaining: 0n })
    const [after] = driver.cluster.log(REDRIVE, 3 % 2)
    expect(after).toMatchObject({ key: before?.key, value: before?.value, timestamp: 9_000 })
    expect(after?.headers).toEqual([header(names.redriveCount, '1'), ...(before?.headers ?? [])])
  })

  it('counts up what has been redriven before, and leaves what has come back too often', async () => {
    const { deadLetter, run, redriven } = bench()
    await deadLetter(0, 'a', [header(names.redriveCount, '1')])
    await deadLetter(0, 'b', [header(names.redriveCount, '2')])
    const report = await run({ maxRedrives: 2 })
    expect(report).toMatchObject({ redriven: 1, leftBehind: [{ reason: 'redriven-too-often' }] })
    const counts = redriven()[0]?.headers.filter(([name]) => name === names.redriveCount)
    expect(counts).toEqual([header(names.redriveCount, '2')])
  })

  it('goes on where it ended, and redrives nothing twice', async () => {
    const { driver, deadLetter, run, ids } = bench()
    for (const id of ['a', 'b', 'c']) await deadLetter(0, id)
    expect(await run({ limit: 2 })).toMatchObject({ redriven: 2, remaining: 1n })
    expect(await run()).toMatchObject({ redriven: 1, remaining: 0n })
    expect(await run()).toMatchObject({ redriven: 0, remaining: 0n })
    await deadLetter(1, 'd')
    await run()
    expect(ids()).toEqual(['a', 'b', 'c', 'd'])
    expect(driver.cluster.committed(redriveProgressGroup(GROUP))).toMatchObject([
      { topic: DLQ, partition: 0, nextOffset: 3n },
      { topic: DLQ, partition: 1, nextOffset: 1n },
      { topic: DLQ, partition: 2, nextOffset: 0n },
      { topic: DLQ, partition: 3, nextOffset: 0n },
    ])
  })

  it('stops at the first write that fails, and redrives that one when it is run again', async () => {
    const { driver, deadLetter, run, ids } = bench()
    for (const id of ['a', 'b', 'c']) await deadLetter(0, id)
    let steps = 0
    const onStep = (): void => {
      steps += 1
      if (steps === 2) driver.cluster.faults.failAppends({ topic: REDRIVE, kind: 'transient', times: 1 })
    }
    await expect(run({ onStep })).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT' })
    expect(ids()).toEqual(['a'])
    await run()
    expect(ids()).toEqual(['a', 'b', 'c'])
  })

  it('redrives a dead letter again rather than not at all when it does not learn that it was written', async () => {
    const { driver, deadLetter, run, ids } = bench()
    await deadLetter(0, 'a')
    driver.cluster.faults.failAppends({ topic: REDRIVE, kind: 'unknown', isApplied: true, times: 1 })
    await expect(run()).rejects.toMatchObject({ outcome: 'unknown' })
    await run()
    expect(ids()).toEqual(['a', 'a'])
  })

  it('changes nothing in a dry run', async () => {
    const { driver, deadLetter, run, redriven } = bench()
    await deadLetter(0, 'a')
    const steps: string[] = []
    const report = await run({ isDryRun: true, onStep: ({ kind, letter }) => steps.push(`${kind} ${letter.eventId}`) })
    expect(report).toMatchObject({ redriven: 1, isDryRun: true })
    expect(steps).toEqual(['redrive a'])
    expect(redriven()).toEqual([])
    expect(driver.cluster.committed(redriveProgressGroup(GROUP))).toEqual([])
  })

  it('leaves what another group has given up', async () => {
    const { deadLetter, run, redriven } = bench()
    await deadLetter(0, 'a', [], 'billing')
    expect(await run()).toMatchObject({
      redriven: 0,
      leftBehind: [{ reason: 'not-of-this-group', detail: 'it is of group billing' }],
    })
    expect(redriven()).toEqual([])
  })

  it('fetches the bytes of a pointer from their origin, and says when they are gone', async () => {
    const { driver, append, run, redriven } = bench()
    const value = randomBytes(50)
    await append('orders', 2, Buffer.from('key'), value, [header(headerNames.id, 'big')])
    const pointer = (offset: string) =>
      append(DLQ, 2, null, null, [
        header(names.originTopic, 'orders'),
        header(names.originPartition, '2'),
        header(names.originOffset, offset),
        header(names.originGroup, GROUP),
      ])
    await pointer('0')
    await pointer('5')
    expect(await run()).toMatchObject({ redriven: 1, leftBehind: [{ reason: 'bytes-gone' }] })
    const [record] = redriven()
    expect(record?.value?.equals(value)).toBe(true)
    expect(record?.headers.at(-1)).toEqual(header(headerNames.id, 'big'))
    driver.cluster.truncateBefore('orders', 2, 1n)
    expect(await run({ isFromStart: true })).toMatchObject({
      redriven: 0,
      leftBehind: [{ reason: 'bytes-gone' }, { reason: 'bytes-gone' }],
    })
  })

  it('leaves what the redrive topic refuses as too large, and goes on', async () => {
    const { driver, deadLetter, run, ids } = bench()
    await deadLetter(0, 'a')
    await deadLetter(0, 'b', [header('padding', 'x'.repeat(5_000))])
    await deadLetter(0, 'c')
    await driver.createAdmin({ clientId: 'test' }).alterTopicConfigs(REDRIVE, { 'max.message.bytes': '2000' })
    expect(await run()).toMatchObject({ redriven: 2, leftBehind: [{ reason: 'refused' }] })
    expect(ids()).toEqual(['a', 'c'])
  })

  it('says that the redrive topic is missing instead of redriving to nobody', async () => {
    const { driver, deadLetter, run } = bench()
    await deadLetter(0, 'a')
    await driver.createAdmin({ clientId: 'test' }).deleteTopics([REDRIVE])
    await expect(run()).rejects.toMatchObject({
      code: 'TOPIC_NOT_FOUND',
      message: expect.stringContaining('topics ensure'),
    })
  })
})
