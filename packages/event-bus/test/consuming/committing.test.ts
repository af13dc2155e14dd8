import { describe, expect, it } from 'vitest'
import { order, rig } from './rig.ts'

const BEYOND_SAFE_INTEGERS = 2n ** 60n

describe('a subscription', () => {
  it('handles records and commits what follows the last of them', async () => {
    const seen: number[] = []
    const { driver, clock } = rig((event) => void seen.push(event.data.n))
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('b', 2), order('a', 3)])
    expect(seen).toEqual([1, 2, 3])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(3n)
  })

  it('commits nothing beyond a record that is in flight', async () => {
    const slow = Promise.withResolvers<void>()
    const { driver, clock } = rig((event) => (event.data.n === 1 ? slow.promise : undefined))
    const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: '' } })
    partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
    await clock.advance(30_000)
    expect(driver.committed(0)).toBe(0n)
    slow.resolve()
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(3n)
  })

  it('commits once for many settlements within the interval, and not at all when nothing changed', async () => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0)
    for (let n = 0; n < 50; n += 1) partition.deliver([order('a', n)])
    await clock.advance(10_000)
    expect(driver.commits.map(({ nextOffset }) => nextOffset)).toEqual([50n])
  })

  it('commits before the interval is over when enough is settled', async () => {
    const { driver, clock } = rig(() => {}, { commit: { maxSettled: 3 } })
    const partition = await driver.assign(0)
    partition.deliver([order('a', 1), order('a', 2), order('a', 3)])
    await clock.settle()
    expect(driver.committed(0)).toBe(3n)
  })

  it('commits the start position of a group that has committed nothing, so that a later start finds it', async () => {
    const { driver, clock } = rig(() => {})
    await driver.assign(0, { logStartOffset: 7n, logEndOffset: 9n })
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(7n)
  })

  it('commits where it goes on when retention has overtaken the group, also when nothing follows', async () => {
    const { driver, clock } = rig(() => {})
    await driver.assign(0, { committed: { nextOffset: 2n, metadata: '' }, logStartOffset: 7n, logEndOffset: 7n })
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(7n)
  })

  it('moves on by positions when a chunk holds no record', async () => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0, { committed: { nextOffset: 5n, metadata: '' }, logEndOffset: 9n })
    partition.deliver([], { gapAfter: 4n })
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(9n)
  })

  it('keeps offsets beyond 2^53 exact', async () => {
    const { driver, clock } = rig(() => {})
    const start = BEYOND_SAFE_INTEGERS + 1n
    const partition = await driver.assign(0, {
      committed: { nextOffset: start, metadata: '' },
      logEndOffset: start + 9n,
    })
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(start + 2n)
  })

  it('sends a failed commit again, computed anew', async () => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0)
    driver.commitOutcome = () => 'failed'
    partition.deliver([order('a', 1)])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBeUndefined()
    driver.commitOutcome = () => 'committed'
    partition.deliver([order('a', 2)])
    await clock.advance(1_000)
    expect(driver.commits.map(({ nextOffset }) => nextOffset)).toEqual([2n])
  })

  it('commits nothing more for a partition whose commit was fenced', async () => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0)
    let asked = 0
    driver.commitOutcome = () => {
      asked += 1
      return 'fenced'
    }
    partition.deliver([order('a', 1)])
    await clock.advance(1_000)
    partition.deliver([order('a', 2)])
    await clock.advance(10_000)
    expect(asked).toBe(1)
  })

  it('never has two commits under way, which could arrive in the other order', async () => {
    const { driver, clock } = rig(() => {}, { commit: { maxSettled: 1 } })
    const partition = await driver.assign(0)
    const gate = Promise.withResolvers<void>()
    driver.commitGate = gate.promise
    for (let n = 0; n < 10; n += 1) {
      partition.deliver([order('a', n)])
      await clock.settle()
    }
    gate.resolve()
    await clock.advance(5_000)
    const offsets = driver.commits.map(({ nextOffset }) => nextOffset)
    expect(offsets).toEqual([...offsets].sort((a, b) => Number(a - b)))
    expect(driver.committed(0)).toBe(10n)
  })
})
