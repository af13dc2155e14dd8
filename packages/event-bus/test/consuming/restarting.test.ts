import { describe, expect, it } from 'vitest'
import type { CommitRequest } from '../../src/driver.ts'
import { order, rig } from './rig.ts'

const fresh = { committed: { nextOffset: 0n, metadata: '' } }
const orders = Array.from({ length: 10 }, (_, n) => order(`k${n}`, n))

/** What the group has stored after records 0 and 5 of ten were left in flight. */
async function commitWithGaps(): Promise<CommitRequest> {
  const { driver, clock } = rig((event) => (event.data.n % 5 === 0 ? new Promise(() => {}) : undefined))
  const partition = await driver.assign(0, fresh)
  partition.deliver(orders)
  await clock.advance(1_000)
  const commit = driver.commits.at(-1)
  if (commit === undefined) throw new Error('nothing was committed')
  return commit
}

describe('a restart', () => {
  it('runs again only what was not settled, though later records were', async () => {
    const { nextOffset, metadata } = await commitWithGaps()
    expect(nextOffset).toBe(0n)
    const handled: number[] = []
    const { driver, clock } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0, { committed: { nextOffset, metadata }, logEndOffset: 10n })
    partition.deliver(orders.slice(0, 3))
    partition.deliver(orders.slice(3))
    expect(handled).toEqual([0, 5])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(10n)
  })

  it('keeps what it has inherited for the one after it, read again or not', async () => {
    const { nextOffset, metadata } = await commitWithGaps()
    const { driver, clock } = rig(() => new Promise(() => {}))
    const partition = await driver.assign(0, { committed: { nextOffset, metadata }, logEndOffset: 10n })
    partition.deliver(orders.slice(0, 2))
    await clock.settle()
    await Promise.all([partition.revoke(), clock.advance(20_000)])
    const stored = driver.commits.at(-1) ?? { nextOffset, metadata }

    const handled: number[] = []
    const heir = rig((event) => void handled.push(event.data.n))
    const again = await heir.driver.assign(0, { committed: stored, logEndOffset: 10n })
    again.deliver(orders)
    expect(handled).toEqual([0, 5])
  })

  // A leader that was not in sync took over: what lay at 3 and beyond is gone, and other records take those offsets.
  it('runs what was written after the log had lost its end, whatever was settled at the same offsets', async () => {
    const committed = await commitWithGaps()
    const handled: number[] = []
    const { driver, clock } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0, { committed, logEndOffset: 3n })
    partition.deliver(orders)
    expect(handled).toEqual([0, 3, 4, 5, 6, 7, 8, 9])
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(10n)
  })

  it('ignores the metadata of another program', async () => {
    const handled: number[] = []
    const { driver } = rig((event) => void handled.push(event.data.n))
    const partition = await driver.assign(0, { committed: { nextOffset: 0n, metadata: 'bAAAB' }, logEndOffset: 10n })
    partition.deliver(orders)
    expect(handled).toHaveLength(10)
  })
})

describe('a commit', () => {
  it('whose metadata is refused is sent again without', async () => {
    const { driver, clock } = rig((event) => (event.data.n === 0 ? new Promise(() => {}) : undefined))
    driver.commitOutcome = ({ metadata }) => (metadata === '' ? 'committed' : 'metadata-refused')
    const partition = await driver.assign(0)
    partition.deliver(orders)
    await clock.advance(3_000)
    expect(driver.commits).toMatchObject([{ nextOffset: 0n, metadata: '' }])
  })

  it('whose metadata is nearly full pauses the partition, until there is room', async () => {
    const gates: (() => void)[] = []
    const { driver, clock } = rig(
      (event) => (event.data.n % 2 === 0 ? new Promise<void>((resolve) => void gates.push(resolve)) : undefined),
      { concurrency: 5_000, limits: { maxRecordsPerPartition: 10_000 }, attempt: { deadlineMs: 1_000_000 } },
    )
    const partition = await driver.assign(0)
    const many = Array.from({ length: 5_000 }, (_, n) => order(`k${n}`, n))
    for (let from = 0; from < many.length; from += 100) partition.deliver(many.slice(from, from + 100))
    await clock.advance(2_000)
    expect(driver.calls).toEqual(['pause orders/0'])
    for (const open of gates.slice(0, 1_000)) open()
    await clock.advance(2_000)
    expect(driver.calls).toEqual(['pause orders/0', 'resume orders/0'])
  })
})

describe('a group that starts from the latest', () => {
  const assigned = { logStartOffset: 2n, logEndOffset: 9n }

  it('begins at the end where it has committed nothing', async () => {
    const { driver, clock } = rig(() => {}, { startFrom: 'latest' })
    const partition = await driver.assign(0, assigned)
    expect(partition.position).toBe(9n)
    await clock.advance(1_000)
    expect(driver.committed(0)).toBe(9n)
  })

  it('begins at the start of a partition that was added to a topic it reads already', async () => {
    const { driver } = rig(() => {}, { startFrom: 'latest' })
    driver.onCommitted = async (_, topic) => [{ topic, partition: 1, nextOffset: 4n, metadata: '' }]
    expect((await driver.assign(0, assigned)).position).toBe(2n)
  })

  it('reads its redrive topic from the start: what is there was written for it', async () => {
    const { driver } = rig(() => {}, { startFrom: 'latest' })
    const partition = await driver.assign(0, { ...assigned, topic: 'orders.inventory.redrive' })
    expect(partition.position).toBe(2n)
  })

  it('waits while nobody can say what it has committed, rather than guess', async () => {
    const { driver, clock } = rig(() => {}, { startFrom: 'latest' })
    let asked = 0
    driver.onCommitted = async () => {
      asked += 1
      if (asked < 3) throw new Error('coordinator away')
      return []
    }
    const assignment = driver.assign(0, assigned)
    await clock.advance(2_000)
    expect((await assignment).position).toBe(9n)
    expect(driver.openAdmins).toBe(0)
  })
})
