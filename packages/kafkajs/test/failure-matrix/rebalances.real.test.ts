/** What rebalances of Apache Kafka cost a group under load: the numbers that `rebalances.test.ts` holds the embedded broker to. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Subscription } from '@tributary/event-bus'
import { describe, expect, it, vi } from 'vitest'
import { KeyWatch } from './key-watch.ts'
import { type RealWorld, realWorld } from './real-world.ts'
import { RebalanceWatch } from './rebalance-watch.ts'

const PARTITIONS = 6
const PATIENCE = { timeout: 20_000, interval: 10 }

class BusyGroup {
  readonly watch: RebalanceWatch
  readonly keys = new KeyWatch()
  readonly world: RealWorld
  readonly #members = new Map<string, Subscription>()

  constructor(world: RealWorld) {
    this.world = world
    this.watch = new RebalanceWatch(world.name)
  }

  /** Resolves when partitions are shared out again. */
  async join(name: string, handlerMs: number, drainMs: number): Promise<void> {
    const { world, watch, keys } = this
    const subscription = await world.member(
      ({ data: { orderId, n }, origin }, { signal }) =>
        watch.run(name, origin, () => keys.run(orderId, n, handlerMs, signal)),
      { concurrency: 16, drainMs },
      world.bus(name, watch.over(world.driver(), name)),
    )
    this.#members.set(name, subscription)
    await this.#shared()
  }

  async leave(name: string): Promise<void> {
    const leaving = this.#members.get(name)
    this.#members.delete(name)
    this.watch.leaving(name)
    await leaving?.close()
    await this.#shared()
  }

  /** Resolves when so many runs more have begun. */
  moreRuns(count: number): Promise<void> {
    const target = this.watch.runs.length + count
    return vi.waitFor(() => expect(this.watch.runs.length).toBeGreaterThanOrEqual(target), PATIENCE)
  }

  get inFlightAtHandOver(): number {
    return this.watch.inFlightAtHandOver.reduce((sum, count) => sum + count, 0)
  }

  async settledInOrder(published: number): Promise<void> {
    await this.world.settled()
    expect(new Set(this.world.handled).size).toBe(published)
    expect(this.keys.overlaps).toBe(0)
    expect(this.keys.keysOutOfOrder).toEqual([])
  }

  #shared(): Promise<void> {
    return vi.waitFor(() => {
      const owned = [...this.#members.keys()].map((name) => this.watch.owned(name))
      expect(owned.flat().toSorted()).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => partition))
      const least = Math.floor(PARTITIONS / this.#members.size)
      expect(
        owned.filter((each) => each.length < least),
        JSON.stringify(owned),
      ).toEqual([])
    }, PATIENCE)
  }
}

describe('members that come and go on Apache Kafka', { timeout: 90_000 }, () => {
  it('in time: nothing runs twice, neither where partitions stay nor where they move', async () => {
    const group = new BusyGroup(await realWorld(PARTITIONS))
    const join = (name: string): Promise<void> => group.join(name, 40, 5_000)
    await join('a')
    const published = await publishingDuring(group.world, async () => {
      await join('b')
      await group.moreRuns(60)
      await join('guest')
      await group.moreRuns(60)
      await group.leave('a') // the leader
      await group.moreRuns(60)
      await group.leave('guest')
      await group.moreRuns(60)
    })
    await group.settledInOrder(published)
    expect(group.inFlightAtHandOver).toBeGreaterThan(0)
    expect(group.watch.again).toEqual({ stayed: 0, moved: 0 })
  })

  it('too late for their handlers: at most what was in flight where partitions move runs again', async () => {
    const group = new BusyGroup(await realWorld(PARTITIONS))
    await group.join('a', 300, 50)
    await group.world.publish(500)
    await group.moreRuns(16)
    await group.join('b', 300, 50)
    await group.moreRuns(16)
    await group.leave('a')
    await group.settledInOrder(500)
    const { again } = group.watch
    expect(again.stayed).toBe(0)
    expect(again.moved).toBeLessThanOrEqual(group.inFlightAtHandOver)
  })
})

/** Resolves with how many orders were published meanwhile. */
async function publishingDuring(world: RealWorld, run: () => Promise<void>): Promise<number> {
  let published = 0
  let isOver = false
  const publishing = (async () => {
    for (; !isOver; published += 10) {
      await world.publish(10, { from: published })
      await sleep(40)
    }
  })()
  try {
    await run()
  } finally {
    isOver = true
    await publishing
  }
  return published
}
