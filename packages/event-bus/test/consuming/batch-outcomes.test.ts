import { describe, expect, it } from 'vitest'
import { skip } from '../../src/consuming/definition/handler.ts'
import { Reject } from '../../src/errors.ts'
import { batchRig, numbersOf } from './batch-rig.ts'
import { order } from './rig.ts'

describe('what a batch handler says', () => {
  it('counts for each record by itself', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 4 }, (events, ctx) => {
      batches.push(numbersOf(events))
      const [first] = events
      if (first !== undefined && ctx.for(first).attempt > 1) return undefined
      return [undefined, skip('nothing to do'), new Error('later'), new Reject('never')]
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3), order('d', 4)])
    await clock.advance(50)
    expect(driver.appended).toHaveLength(1)
    await clock.advance(2_000)
    expect(batches).toEqual([[1, 2, 3, 4], [3]])
    expect(driver.committed(0)).toBe(4n)
  })

  it('of a record behind a failed one of its key does not count: it is handled again after that', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 3, maxWaitMs: 10 }, (events, ctx) => {
      batches.push(numbersOf(events))
      return events.map((event) => (event.data.n === 1 && ctx.for(event).attempt === 1 ? new Error('no') : undefined))
    })
    const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
    partition.deliver([order('a', 1), order('a', 2), order('b', 3), order('a', 4)])
    await clock.advance(90)
    expect(batches).toEqual([[1, 2, 3]])
    await clock.advance(2_000)
    expect(batches).toEqual([[1, 2, 3], [1], [2, 4]])
    expect(driver.committed(0)).toBe(4n)
  })

  it('of a record behind a failed one of its key is no rejection either: it may only have missed the one before it', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 2, maxWaitMs: 10 }, (events) => {
      batches.push(numbersOf(events))
      return events.length === 2 ? [new Error('not yet'), new Reject('there is no such order')] : undefined
    })
    const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.advance(2_000)
    expect(batches).toEqual([[1, 2], [1], [2]])
    expect(driver.appended).toEqual([])
    expect(driver.committed(0)).toBe(2n)
  })

  it('of a record behind one that was given up counts', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 2 }, (events) => {
      batches.push(numbersOf(events))
      return [new Reject('no'), undefined]
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.advance(2_000)
    expect(batches).toEqual([[1, 2]])
    expect(driver.committed(0)).toBe(2n)
  })

  it('by throwing fails all, and each comes back alone: a poisonous one takes nobody with it', async () => {
    const batches: number[][] = []
    const { clock, driver } = batchRig({ maxRecords: 3 }, (events) => {
      batches.push(numbersOf(events))
      if (events.some(({ data }) => data.n === 2)) throw new TypeError('poison')
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
    await clock.advance(5_000)
    expect(batches).toEqual([[1, 2, 3], [1], [2], [3], [2]])
    expect(driver.appended.map(({ record }) => record.key?.toString())).toEqual(['b'])
    expect(driver.committed(0)).toBe(3n)
  })

  it.each([
    ['a list that is too short', [undefined]],
    ['a list of something else', [undefined, true]],
    ['an Error that was not thrown', new Error('returned')],
  ])('by %s fails all with a typed error', async (_, returned) => {
    const { clock, driver } = batchRig({ maxRecords: 2 }, () => returned, {
      onFailure: { inPlace: { attempts: 1 }, outage: false },
    })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(1_000)
    const codes = driver.appended.map(({ record }) =>
      record.headers.find(([name]) => name === 'tributary.error.code')?.[1]?.toString(),
    )
    expect(codes).toEqual(['BATCH_OUTCOMES_INVALID', 'BATCH_OUTCOMES_INVALID'])
  })

  it.each([
    ['nothing in particular', { inserted: 2 }],
    ['that there was nothing to do', skip('empty')],
  ])('by returning %s settles all', async (_, returned) => {
    const { clock, driver } = batchRig({ maxRecords: 2 }, async () => returned)
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2)])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(2n)
  })
})
