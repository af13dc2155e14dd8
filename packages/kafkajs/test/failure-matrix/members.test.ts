import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it, vi } from 'vitest'
import { KeyWatch } from './key-watch.ts'
import { GROUP } from './order-placed.ts'
import { type World, world } from './world.ts'

function watchedHandler(watch: KeyWatch): Parameters<World['member']>[0] {
  return (event, ctx) => watch.run(event.data.orderId, event.data.n, 1 + (event.data.n % 7), ctx.signal)
}

describe('members of a group', () => {
  it('that join and leave under load lose nothing, run nothing twice and keep the order of keys', async () => {
    const w = await world({ partitions: 6 })
    const watch = new KeyWatch()
    const handler = watchedHandler(watch)
    await w.member(handler)
    const publishing = (async () => {
      for (let from = 0; from < 2_000; from += 50) {
        await w.publish(50, { keys: 40, from })
        await sleep(30)
      }
    })()
    for (let round = 0; round < 4; round += 1) {
      const guest = await w.member(handler)
      await sleep(200)
      await guest.close()
    }
    await publishing
    await w.settled()
    expect(new Set(w.handled).size).toBe(2_000)
    expect(w.duplicates).toBe(0)
    expect(watch.overlaps).toBe(0)
    expect(watch.keysOutOfOrder).toEqual([])
  })

  it('one of which closes while it is busy hand over what it has not begun', async () => {
    const w = await world({ partitions: 2 })
    const watch = new KeyWatch()
    const leaving = await w.member(watchedHandler(watch), { concurrency: 2 })
    await w.publish(400, { keys: 50 })
    await vi.waitFor(() => expect(w.handled.length).toBeGreaterThan(20), { timeout: 5_000 })
    await Promise.all([leaving.close(), w.member(watchedHandler(watch))])
    await w.settled()
    expect(new Set(w.handled).size).toBe(400)
    expect(w.duplicates).toBe(0)
    expect(watch.overlaps).toBe(0)
    expect(watch.keysOutOfOrder).toEqual([])
  })

  it('whose session ends while a handler is busy: its late success is fenced, the next owner handles the event', async () => {
    const w = await world({ partitions: 1 })
    const aborted: number[] = []
    let isFirst = true
    await w.member(async (event, ctx) => {
      if (!isFirst || event.data.n !== 2) return
      isFirst = false
      ctx.signal.addEventListener('abort', () => aborted.push(event.data.n))
      await sleep(700)
      expect(ctx.isFenced()).toBe(true)
    })
    const lost = w.kafka.faults.on('Heartbeat', { group: GROUP }).failWith('UNKNOWN_MEMBER_ID')
    await w.publish(5)
    await lost.happened()
    await w.settled()
    expect(aborted).toEqual([2])
    expect(new Set(w.handled).size).toBe(5)
  })

  it.each([
    'ILLEGAL_GENERATION',
    'UNKNOWN_MEMBER_ID',
    'NOT_COORDINATOR',
    'COORDINATOR_LOAD_IN_PROGRESS',
    'REBALANCE_IN_PROGRESS',
  ] as const)('whose commits are refused with %s lose nothing and never go back', async (error) => {
    const w = await world()
    await w.member(() => sleep(1))
    const refused = w.kafka.faults.on('OffsetCommit', { group: GROUP, nth: 2, times: 2 }).failWith(error)
    for (let from = 0; from < 300; from += 30) {
      await w.publish(30, { from })
      await sleep(40)
    }
    await refused.happened(2)
    await w.settled()
    expect(new Set(w.handled).size).toBe(300)
  })

  it('notice partitions that are added to a topic and read them from their start', async () => {
    const w = await world({ partitions: 1 })
    await w.member(() => {}, { startFrom: 'latest' })
    await w.publisher.admin.createPartitions('orders', 3)
    await vi.waitFor(
      async () => {
        await w.publish(20, { keys: 20 })
        expect(w.kafka.log('orders', 2).length).toBeGreaterThan(0)
      },
      { timeout: 10_000, interval: 200 },
    )
    await w.settled()
  })
})
