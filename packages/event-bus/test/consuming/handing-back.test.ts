import { describe, expect, it } from 'vitest'
import type { HandlerContext } from '../../src/consuming/definition/handler.ts'
import { Reject } from '../../src/errors.ts'
import { fixed } from '../../src/failing/backoff.ts'
import { order, rig } from './rig.ts'

const fresh = { committed: { nextOffset: 0n, metadata: '' } }

describe('a revoked partition', () => {
  it('is handed back when what is under way has ended and is committed, and starts nothing more', async () => {
    const started: number[] = []
    const { driver, clock } = rig(async (event) => {
      started.push(event.data.n)
      await clock.sleep(500)
    })
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.settle()
    let isHandedBack = false
    const revoked = partition.revoke().then(() => {
      isHandedBack = true
    })
    partition.deliver([order('b', 3)])
    await clock.advance(499)
    expect(isHandedBack).toBe(false)
    await clock.advance(1)
    await revoked
    expect(driver.committed(0)).toBe(1n)
    await clock.advance(60_000)
    expect(started).toEqual([1])
  })

  it('starts nothing of what had arrived and waited for a slot', async () => {
    const started: number[] = []
    const { driver, clock } = rig(
      async (event) => {
        started.push(event.data.n)
        await clock.sleep(500)
      },
      { concurrency: 1 },
    )
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
    await clock.settle()
    const revoked = partition.revoke()
    await clock.advance(60_000)
    await revoked
    expect(started).toEqual([1])
    expect(driver.committed(0)).toBe(1n)
  })

  it('does not disturb those that stay', async () => {
    const handled: string[] = []
    const { driver, clock } = rig(async (event) => {
      await clock.sleep(100)
      handled.push(`${event.origin.partition}:${event.data.n}`)
    })
    const [leaving, staying] = [await driver.assign(0), await driver.assign(1)]
    leaving.deliver([order('a', 1), order('a', 2)])
    staying.deliver([order('a', 1), order('a', 2)])
    await clock.settle()
    const revoked = leaving.revoke()
    await clock.advance(1_300)
    await revoked
    expect(handled).toEqual(['0:1', '1:1', '1:2'])
    expect([driver.committed(0), driver.committed(1)]).toEqual([1n, 2n])
  })

  it('aborts what has not ended when the drain is over, commits the rest, and is back in time', async () => {
    const contexts: HandlerContext[] = []
    const { driver, clock } = rig(
      (event, ctx) => {
        contexts.push(ctx)
        return event.data.n === 2 ? new Promise(() => {}) : undefined
      },
      { drainMs: 4_000 },
    )
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('b', 2), order('c', 3)])
    await clock.settle()
    const revoked = partition.revoke()
    await clock.advance(4_000)
    await revoked
    expect(contexts[1]?.signal.aborted).toBe(true)
    expect(driver.committed(0)).toBe(1n)
  })

  it('is back at once when the driver says that the time is over', async () => {
    const { driver, clock } = rig(() => new Promise(() => {}))
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.settle()
    const overtime = new AbortController()
    const revoked = partition.revoke(overtime.signal)
    await clock.settle()
    overtime.abort()
    await revoked
    expect(clock.monotonic()).toBe(0)
  })

  it('leaves records that wait for another attempt to the next owner', async () => {
    const attempts: number[] = []
    const { driver, clock } = rig(
      (_, ctx) => {
        attempts.push(ctx.attempt)
        throw new Error('no')
      },
      { onFailure: { inPlace: { attempts: 9, backoff: fixed(10_000) } } },
    )
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.settle()
    await partition.revoke()
    await clock.advance(60_000)
    expect(attempts).toEqual([1])
    expect(driver.commits).toEqual([])
  })

  it('starts no further attempt at a record that fails meanwhile', async () => {
    const attempts: string[] = []
    const { driver, clock } = rig(
      async (event, ctx) => {
        attempts.push(`${event.data.n}.${ctx.attempt}`)
        await clock.sleep(event.data.n * 100)
        if (event.data.n === 1) throw new Error('no')
      },
      { onFailure: { inPlace: { attempts: 9, backoff: fixed(10) } } },
    )
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('b', 5)])
    await clock.settle()
    const revoked = partition.revoke()
    await clock.advance(500)
    await revoked
    expect(attempts).toEqual(['1.1', '5.1'])
  })

  it('waits for a dead letter that is being written', async () => {
    const acknowledged = Promise.withResolvers<void>()
    const { driver, clock } = rig(() => {
      throw new Reject('no')
    })
    driver.onAppend = () => acknowledged.promise
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.settle()
    const revoked = partition.revoke()
    await clock.advance(1_000)
    acknowledged.resolve()
    await revoked
    expect(driver.committed(0)).toBe(1n)
  })

  it('sends its last commit again while that fails and there is time', async () => {
    const { driver, clock } = rig(() => {})
    const partition = await driver.assign(0, fresh)
    let refusals = 3
    driver.commitOutcome = () => (refusals-- > 0 ? 'failed' : 'committed')
    partition.deliver([order('a', 1)])
    const revoked = partition.revoke()
    await clock.advance(400)
    await revoked
    expect(driver.committed(0)).toBe(1n)
  })
})

describe('close', () => {
  it('drains, commits, then leaves; the same promise answers every call', async () => {
    const { driver, clock, subscription } = rig(() => clock.sleep(700))
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1), order('a', 2)])
    await clock.settle()
    const closed = subscription.close()
    expect(subscription.close()).toBe(closed)
    partition.deliver([order('b', 3)])
    await clock.advance(699)
    expect(driver.calls).toEqual([])
    await clock.advance(1)
    await closed
    expect(driver.committed(0)).toBe(1n)
    expect(driver.calls).toEqual(['close consumer', 'close producer'])
    expect(subscription.health()).toMatchObject({ ready: false, inFlight: 0 })
  })

  it('takes no longer than the drain when a handler never returns', async () => {
    const { driver, clock, subscription } = rig(() => new Promise(() => {}), { drainMs: 2_000 })
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.settle()
    const closed = subscription.close()
    await clock.advance(2_000)
    await closed
    expect(driver.calls).toContain('close consumer')
  })

  it('meets a revocation of the same partition without harm', async () => {
    const { driver, clock, subscription } = rig(() => clock.sleep(300))
    const partition = await driver.assign(0, fresh)
    partition.deliver([order('a', 1)])
    await clock.settle()
    const ended = Promise.all([partition.revoke(), subscription.close()])
    await clock.advance(1_000)
    await ended
    expect(driver.committed(0)).toBe(1n)
  })

  it('rejects what waits for the group to be joined', async () => {
    const { clock, subscription } = rig(() => {})
    const closed = subscription.close()
    await clock.settle()
    await closed
    await expect(subscription.ready).rejects.toMatchObject({ code: 'BUS_CLOSED' })
  })

  it('starts nothing for partitions that are gained while it waits', async () => {
    const handled: number[] = []
    const { driver, clock, subscription } = rig(async (event) => {
      await clock.sleep(500)
      handled.push(event.data.n)
    })
    ;(await driver.assign(0)).deliver([order('a', 1)])
    const closed = subscription.close()
    ;(await driver.assign(1)).deliver([order('a', 2)])
    await clock.advance(1_000)
    await closed
    expect(handled).toEqual([1])
  })
})

describe('failed', () => {
  it('tells why the membership ended for good', async () => {
    const { driver, subscription } = rig(() => {})
    const error = new Error('not authorised')
    driver.listener.onFailed(error)
    driver.state = 'failed'
    expect(await subscription.failed).toBe(error)
    expect(subscription.health().live).toBe(false)
  })
})
