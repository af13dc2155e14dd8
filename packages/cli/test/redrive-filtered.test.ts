import {
  deadLetterTopic,
  headerNames,
  headerText,
  provenanceHeaderNames as names,
  type RawHeader,
  redriveTopic,
} from '@tributary/event-bus'
import { createVirtualClock, inMemoryDriver } from '@tributary/testing'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  deadLetterTopicsOf,
  type RedriveOptions,
  readRedriveProgress,
  redrive,
  redriveProgressGroup,
} from '../src/index.ts'

const GROUP = 'stock'
const DLQ = deadLetterTopic('orders', GROUP)
const REDRIVE = redriveTopic('orders', GROUP)

const header = (name: string, value: string): RawHeader => [name, Buffer.from(value)]

/** A dead-letter topic of two partitions, in turn, with one dead letter for each reason that is given; the event ids count up from 0. */
async function bench(reasons: readonly string[], redriveCountOf: (index: number) => number = () => 0) {
  const driver = inMemoryDriver({ topics: { [DLQ]: 2, [REDRIVE]: 1 } })
  const admin = driver.createAdmin({ clientId: 'test' })
  const producer = driver.createProducer({ clientId: 'test' })
  for (const [index, reason] of reasons.entries()) {
    const headers = [
      header(names.originGroup, GROUP),
      header(names.reason, reason),
      header(names.redriveCount, String(redriveCountOf(index))),
      header(headerNames.id, String(index)),
    ]
    const record = { key: null, value: Buffer.from('x'), headers, timestamp: 1 }
    await producer.append({ topic: DLQ, partition: index % 2 }, [record], { timeoutMs: 1_000 })
  }
  const clock = createVirtualClock()
  const run = (options: Partial<RedriveOptions> = {}) =>
    redrive({ admin, producer, topics: deadLetterTopicsOf('orders', GROUP), clock, ...options })
  const ids = () => driver.cluster.log(REDRIVE, 0).map(({ headers }) => Number(headerText(headers, headerNames.id)))
  const isWaiting = async () =>
    (await readRedriveProgress(admin, DLQ, GROUP)).flatMap(({ waiting }) => waiting).length > 0
  return { driver, admin, clock, run, ids, isWaiting }
}

describe('redrive with a filter', () => {
  it('leaves waiting what the filter does not mean, and redrives nothing twice in the end', async () => {
    const { run, ids, isWaiting } = await bench(['a', 'a', 'b', 'b', 'a', 'c'])
    expect(await run({ filter: { reasons: ['b'] } })).toMatchObject({ redriven: 2, passedOver: 4, remaining: 0n })
    expect(await run({ filter: { reasons: ['b'] } })).toMatchObject({ redriven: 0, passedOver: 4 })
    expect(await run({ filter: { reasons: ['a'] } })).toMatchObject({ redriven: 3, redrivenByReason: { a: 3 } })
    expect(await run()).toMatchObject({ redriven: 1, passedOver: 0 })
    expect(ids()).toEqual([2, 3, 0, 4, 1, 5])
    expect(await isWaiting()).toBe(false)
  })

  it('redrives each exactly once over any runs with filters, limits, interruptions and refused writes', async () => {
    const aRun = fc.record({
      reason: fc.constantFrom('a', 'b', null),
      limit: fc.constantFrom(1, 2, 100),
      failAt: fc.constantFrom(1, 2, 3, null),
      abortAt: fc.constantFrom(1, 2, 3, null),
    })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 24 }),
        fc.array(aRun, { maxLength: 6 }),
        async (reasons, runs) => {
          const { driver, run, ids, isWaiting } = await bench(reasons)
          for (const { reason, limit, failAt, abortAt } of runs) {
            const abort = new AbortController()
            let steps = 0
            const onStep = (): void => {
              steps += 1
              if (steps === failAt) driver.cluster.faults.failAppends({ topic: REDRIVE, kind: 'transient', times: 1 })
              if (steps === abortAt) abort.abort()
            }
            const filter = reason === null ? {} : { reasons: [reason] }
            const before = ids().length
            const report = await run({ filter, limit, onStep, signal: abort.signal }).catch(() => null)
            expect(ids().length - before).toBe(report?.redriven ?? (failAt ?? 0) - 1)
            expect(new Set(ids()).size).toBe(ids().length)
          }
          await run()
          expect(ids().toSorted((a, b) => a - b)).toEqual(reasons.map((_, index) => index))
          expect(await isWaiting()).toBe(false)
        },
      ),
      { numRuns: 150 },
    )
  })

  it('takes what came too often for waiting, until it is forced', async () => {
    const { run, ids } = await bench(['a', 'b'], () => 3)
    expect(await run()).toMatchObject({ redriven: 0, leftBehind: [{}, {}] })
    const forced = { maxRedrives: Number.POSITIVE_INFINITY, filter: { eventIds: ['1'] } }
    expect(await run(forced)).toMatchObject({ redriven: 1, leftBehind: [], passedOver: 1 })
    expect(await run()).toMatchObject({ redriven: 0, leftBehind: [{ reason: 'redriven-too-often' }] })
    expect(ids()).toEqual([1])
  })

  it('still takes it for waiting when one behind it has been redriven', async () => {
    const { run, ids } = await bench(['a', 'a', 'a'], (index) => (index === 0 ? 3 : 0))
    expect(await run()).toMatchObject({ redriven: 2, leftBehind: [{ reason: 'redriven-too-often' }] })
    expect(await run({ maxRedrives: 4 })).toMatchObject({ redriven: 1, leftBehind: [] })
    expect(ids()).toEqual([2, 1, 0])
  })

  it('takes nothing for redriven that was written after the log lost its end', async () => {
    const { admin, run, ids } = await bench(['a', 'a', 'a', 'a'])
    const metadata = 'tributary-redriven.0.run1.1+8'
    await admin.setCommitted(redriveProgressGroup(GROUP), [
      { topic: DLQ, partition: 0, nextOffset: 0n, metadata },
      { topic: DLQ, partition: 1, nextOffset: 9n, metadata: '' },
    ])
    await run()
    expect(ids()).toEqual([0, 2, 1, 3])
  })

  it('stops before it writes what it could not remember', async () => {
    const { run, ids } = await bench(Array.from({ length: 8_000 }, (_, index) => ((index >> 1) % 2 === 0 ? 'a' : 'b')))
    const report = await run({ filter: { reasons: ['b'] } })
    expect(report).toMatchObject({ ended: 'progress-full', redriven: ids().length })
    expect(report.redriven).toBeGreaterThan(1_000)
    expect(report.remaining).toBeGreaterThan(0n)
    expect(await run({ filter: { reasons: ['b'] } })).toMatchObject({ ended: 'progress-full', redriven: 0 })
    // As the message says: what was passed over first, and then it goes on.
    await run({ filter: { reasons: ['a'] } })
    await run()
    expect(ids().toSorted((a, b) => a - b)).toEqual(Array.from({ length: 8_000 }, (_, index) => index))
  })
})

describe('two redrives at the same time', () => {
  it('the one that began first ends before its next write, and the other redrives the rest', async () => {
    const { clock, run, ids } = await bench(['a', 'a', 'a', 'a', 'a', 'a'])
    const first = run({ ratePerSecond: 1 })
    await clock.advanceUntil(() => ids().length === 2)
    await clock.advance(500)
    expect(await run()).toMatchObject({ ended: 'done', redriven: 4 })
    expect(await clock.advanceUntil(first)).toMatchObject({ ended: 'overtaken', redriven: 2 })
    expect(ids().toSorted()).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('begun together, redrive everything, and one goes on to the end', async () => {
    const { run, ids } = await bench(Array.from({ length: 20 }, () => 'a'))
    const reports = await Promise.all([run(), run()])
    expect(reports.map(({ ended }) => ended).toSorted()).toEqual(['done', 'overtaken'])
    expect(new Set(ids()).size).toBe(20)
    expect(ids().length).toBeLessThanOrEqual(21)
  })

  it('is not disturbed by a dry run', async () => {
    const { clock, run } = await bench(['a', 'a', 'a'])
    const first = run({ ratePerSecond: 1 })
    await run({ isDryRun: true })
    expect(await clock.advanceUntil(first)).toMatchObject({ ended: 'done', redriven: 3 })
  })
})

describe('redrive at a rate', () => {
  it('writes one after the other, evenly', async () => {
    const { clock, run } = await bench(['a', 'a', 'a', 'a', 'a'])
    const at: number[] = []
    await clock.advanceUntil(run({ ratePerSecond: 2, onStep: () => at.push(clock.monotonic()) }))
    expect(at).toEqual([0, 500, 1_000, 1_500, 2_000])
  })

  it('ends while it waits when it is interrupted, and goes on with the next', async () => {
    const { clock, run, ids } = await bench(['a', 'a', 'a'])
    const abort = new AbortController()
    const running = run({ ratePerSecond: 1, signal: abort.signal })
    await clock.advanceUntil(() => ids().length === 1)
    abort.abort()
    expect(await running).toMatchObject({ ended: 'interrupted', redriven: 1, remaining: 2n })
    expect(clock.monotonic()).toBeLessThan(1_000)
    expect(await run()).toMatchObject({ ended: 'done', redriven: 2 })
    expect(ids()).toHaveLength(3)
  })

  it('takes no time in a dry run', async () => {
    const { clock, run } = await bench(['a', 'a', 'a'])
    expect(await run({ ratePerSecond: 1, isDryRun: true })).toMatchObject({ redriven: 3 })
    expect(clock.monotonic()).toBe(0)
  })
})
