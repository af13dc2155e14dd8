/** The coordinator of a group: moved, loading, silent, and what becomes of commits then. */
import { describe, expect, it } from 'vitest'
import { join } from './members.ts'
import { stage } from './stage.ts'

describe('a coordinator', () => {
  it('that moves interrupts nothing', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.moveCoordinator('group', kafka.coordinatorOf('group') === 0 ? 1 : 0)
    expect(await member.commit(0)).toEqual(['committed'])
    await new Promise((resolve) => setTimeout(resolve, 500))
    expect(member.heard).toEqual(['assigned 0'])
    expect(member.consumer.status().state).toBe('stable')
  })

  it('that is loading, or unknown for a while, is waited for', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('FindCoordinator', { times: 2 }).failWith('COORDINATOR_NOT_AVAILABLE')
    kafka.faults.on('JoinGroup', { times: 2 }).failWith('COORDINATOR_LOAD_IN_PROGRESS')
    kafka.faults.on('OffsetFetch').failWith('NOT_COORDINATOR')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    expect(member.failure).toBeNull()
  })

  it('that loses the answer to a join or a sync is asked again', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup', { nth: 2 }).dropConnection('after')
    kafka.faults.on('SyncGroup').dropConnection('after')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    expect(member.heard).toEqual(['assigned 0'])
  })
})

describe('a commit', () => {
  it('is tried again within its time when the coordinator does not answer', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('OffsetCommit').dropConnection('before')
    kafka.faults.on('OffsetCommit', { nth: 2 }).failWith('NOT_COORDINATOR')
    expect(await member.commit(0)).toEqual(['committed'])
  })

  it('during a rebalance is reported as failed, not as fenced, and works afterwards', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('OffsetCommit').failWith('REBALANCE_IN_PROGRESS')
    expect(await member.commit(0)).toEqual(['failed'])
    expect(await member.commit(0)).toEqual(['committed'])
  })

  it('never takes longer than a request may, and does not reject', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.pauseAnswers()
    const startedAt = performance.now()
    expect(await Promise.all([member.commit(0), member.commit(0)])).toEqual([['failed'], ['failed']])
    expect(performance.now() - startedAt).toBeLessThan(1_500)
  })
})
