import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { GROUP } from './order-placed.ts'
import { type World, world } from './world.ts'

/** Publishes in small calls while `disturb` runs, and says how often a publish was not acknowledged. */
async function publishDuring(w: World, disturb: () => Promise<void>): Promise<{ failed: number }> {
  let isOver = false
  const disturbing = disturb().finally(() => {
    isOver = true
  })
  let failed = 0
  for (let from = 0; !isOver || from < 300; from += 10) {
    await w.publish(10, { from, keys: 20 }).catch(() => {
      failed += 1
    })
    await sleep(10)
  }
  await disturbing
  return { failed }
}

/** How often the numbers of acknowledged orders are on the log. */
function copies(w: World): number[] {
  const seen = new Map<string, number>()
  for (let partition = 0; partition < w.kafka.partitionCount('orders'); partition += 1) {
    for (const { headers } of w.kafka.log('orders', partition)) {
      const id = String(headers.find(([name]) => name === 'ce_id')?.[1])
      seen.set(id, (seen.get(id) ?? 0) + 1)
    }
  }
  return [...seen.values()]
}

describe('brokers', () => {
  it('that restart one after another: each publish is on the log once, and each event is handled', async () => {
    const w = await world({ kafka: { brokers: 3 } })
    await w.member(() => sleep(1))
    const { failed } = await publishDuring(w, async () => {
      for (const id of [0, 1, 2]) {
        await w.kafka.stopBroker(id)
        await sleep(200)
        await w.kafka.startBroker(id)
        await sleep(200)
      }
    })
    await w.settled()
    expect(failed).toBe(0)
    expect(copies(w).every((count) => count === 1)).toBe(true)
  })

  it('whose leaders and coordinator move in the middle of everything', async () => {
    const w = await world({ kafka: { brokers: 3 } })
    await w.member(() => sleep(1))
    const { failed } = await publishDuring(w, async () => {
      for (let round = 0; round < 6; round += 1) {
        for (let partition = 0; partition < 3; partition += 1)
          w.kafka.moveLeader('orders', partition, (round + partition) % 3)
        w.kafka.moveCoordinator(GROUP, round % 3)
        await sleep(100)
      }
    })
    await w.settled()
    expect(failed).toBe(0)
    expect(copies(w).every((count) => count === 1)).toBe(true)
  })

  it('that cut connections and lose answers', async () => {
    const w = await world()
    await w.member(() => sleep(1))
    using _answers = w.kafka.faults.on('Produce', { nth: 3, times: 2 }).dropConnection('after')
    using _fetches = w.kafka.faults.on('Fetch', { nth: 4 }).dropConnection('after')
    using _commits = w.kafka.faults.on('OffsetCommit', { nth: 2 }).dropConnection('after')
    const { failed } = await publishDuring(w, async () => {
      for (let round = 0; round < 4; round += 1) {
        w.kafka.cutConnections()
        await sleep(150)
      }
    })
    await w.settled()
    expect(failed).toBe(0)
    expect(copies(w).every((count) => count === 1)).toBe(true)
  })

  it('that are all away for a while: subscribers resume by themselves', async () => {
    const w = await world()
    const subscription = await w.member(() => {})
    await w.publish(20)
    await w.settled()
    await w.kafka.stopBroker(0)
    await sleep(3_000)
    expect(subscription.health().live).toBe(true)
    await w.kafka.startBroker(0)
    await w.publish(20, { from: 20 })
    await w.settled()
    expect(new Set(w.handled).size).toBe(40)
  })

  it('that answer a fetch late, when the partition is another member’s or another epoch’s', async () => {
    const w = await world({ partitions: 2 })
    await w.member(() => sleep(1))
    using late = w.kafka.faults.on('Fetch', { times: 3 }).delay(400, 'after')
    await w.publish(50)
    const guest = await w.member(() => sleep(1))
    await w.publish(50, { from: 50 })
    await guest.close()
    await w.settled()
    expect(late.count).toBe(3)
    expect(new Set(w.handled).size).toBe(100)
  })
})
