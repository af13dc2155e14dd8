/** What rebalances cost a group under load: what runs twice, what stops meanwhile, and what is read again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Subscription } from '@tributary/event-bus'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { KeyWatch } from './key-watch.ts'
import { GROUP } from './order-placed.ts'
import { RebalanceWatch } from './rebalance-watch.ts'
import { TOPIC, type World, world } from './world.ts'

const PARTITIONS = 8
const KEYS = 60
const PATIENCE = { timeout: 10_000, interval: 5 }

/** A group whose members are watched, on a topic that is published to without end. */
class BusyGroup {
  readonly watch = new RebalanceWatch()
  readonly keys = new KeyWatch()
  readonly world: World
  readonly #members = new Map<string, Subscription>()
  #published = 0

  constructor(w: World) {
    this.world = w
  }

  get published(): number {
    return this.#published
  }

  /** Resolves when partitions are shared out again. @param handlerMs how long the handler of the nth event takes */
  async join(name: string, handlerMs: (n: number) => number, drainMs = 2_000): Promise<void> {
    const { world: w, watch, keys } = this
    const subscription = await w.member(
      ({ data: { orderId, n }, origin }, { signal }) =>
        watch.run(name, origin, () => keys.run(orderId, n, handlerMs(n), signal)),
      { concurrency: 8, drainMs },
      w.bus(name, watch.over(w.driver(), name)),
    )
    this.#members.set(name, subscription)
    await this.shared()
  }

  async leave(name: string): Promise<void> {
    const leaving = this.#members.get(name)
    this.#members.delete(name)
    this.watch.leaving(name)
    await leaving?.close()
    await this.shared()
  }

  /** Resolves when each partition has an owner, and no member more than one above its share. */
  shared(): Promise<void> {
    return vi.waitFor(() => {
      const owned = [...this.#members.keys()].map((name) => this.watch.owned(name))
      expect(owned.flat().toSorted()).toEqual(Array.from({ length: PARTITIONS }, (_, partition) => partition))
      const least = Math.floor(PARTITIONS / this.#members.size)
      for (const each of owned) expect(each.length).toBeGreaterThanOrEqual(least)
    }, PATIENCE)
  }

  /** Resolves when so many runs more have begun. */
  moreRuns(count: number): Promise<void> {
    const target = this.watch.runs.length + count
    return vi.waitFor(() => expect(this.watch.runs.length).toBeGreaterThanOrEqual(target), PATIENCE)
  }

  async publish(count: number): Promise<void> {
    await this.world.publish(count, { keys: KEYS, from: this.#published })
    this.#published += count
  }

  /** Publishes on until the result is called, which resolves when everything is settled. */
  load(): () => Promise<void> {
    let isOver = false
    const publishing = (async () => {
      while (!isOver) {
        await this.publish(20)
        await sleep(20)
      }
    })()
    return async () => {
      isOver = true
      await publishing
      await this.world.settled(20_000)
    }
  }

  expectOrder(): void {
    expect(new Set(this.world.handled).size).toBe(this.#published)
    expect(this.keys.overlaps).toBe(0)
    expect(this.keys.keysOutOfOrder).toEqual([])
  }
}

async function busyGroup(): Promise<BusyGroup> {
  return new BusyGroup(await world({ partitions: PARTITIONS }))
}

const briefly = (n: number): number => 5 + (n % 16)

describe('members that come and go under load', { timeout: 60_000 }, () => {
  it('leave in time: nothing runs twice, neither where partitions stay nor where they move', async () => {
    const group = await busyGroup()
    await group.join('a', briefly)
    await group.join('b', briefly)
    const settle = group.load()
    for (let round = 0; round < 3; round += 1) {
      await group.join('guest', briefly)
      await group.moreRuns(60)
      await group.leave(round === 1 ? 'b' : 'guest')
      await group.moreRuns(60)
      if (round !== 1) continue
      await group.join('b', briefly)
      await group.leave('guest')
    }
    await settle()
    const inFlight = group.watch.inFlightAtHandOver.reduce((sum, count) => sum + count, 0)
    expect(inFlight).toBeGreaterThan(0)
    expect(group.watch.again).toEqual({ stayed: 0, moved: 0 })
    group.expectOrder()
  })

  it('do not leave in time: at most what was in flight where partitions move runs again', async () => {
    const group = await busyGroup()
    const slowly = (): number => 200
    await group.join('a', slowly, 50)
    // So many that neither member runs out of work before it is asked to give something up.
    await group.publish(480)
    await group.moreRuns(16)
    await group.join('b', slowly, 50)
    await group.moreRuns(16)
    await group.leave('a')
    await group.world.settled(40_000)
    const { again, inFlightAtHandOver } = group.watch
    expect(again.stayed).toBe(0)
    expect(again.moved).toBeLessThanOrEqual(inFlightAtHandOver.reduce((sum, count) => sum + count, 0))
    group.expectOrder()
  })
})

describe('partitions that stay', () => {
  it('are run on while the group waits for another member, and between a revocation and the next assignment', async () => {
    const group = await busyGroup()
    const { kafka } = group.world
    await group.join('a', briefly)
    await group.join('b', briefly)
    const late = kafka.faults.on('JoinGroup', { clientId: 'b' }).hold('before')
    // Its second join from now: by then it has given up what it shall not keep.
    const between = kafka.faults.on('JoinGroup', { clientId: 'a', nth: 2 }).hold('before')
    const joining = group.join('c', briefly)

    await late.happened()
    await group.publish(80)
    await group.world.settled()
    late.release()

    await between.happened()
    const kept = [...group.watch.owned('a'), ...group.watch.owned('b')]
    expect(kept.length).toBeLessThan(PARTITIONS)
    const before = endsOf(group)
    await group.publish(80)
    const added = endsOf(group).flatMap((end, partition) =>
      Array.from({ length: Number(end - (before[partition] ?? 0n)) }, (_, index) => ({
        partition,
        place: `${partition}/${(before[partition] ?? 0n) + BigInt(index)}`,
      })),
    )
    const placesIn = (isKept: boolean): string[] =>
      added.flatMap(({ partition, place }) => (kept.includes(partition) === isKept ? [place] : []))
    await vi.waitFor(() => expect(group.world.handled).toEqual(expect.arrayContaining(placesIn(true))), PATIENCE)
    expect(placesIn(false).filter((place) => group.world.handled.includes(place))).toEqual([])
    between.release()

    await joining
    await group.world.settled()
    expect(group.watch.again).toEqual({ stayed: 0, moved: 0 })
    group.expectOrder()
  })

  it('are fetched on from where they were: no request of their owner ever goes back', async () => {
    const group = await busyGroup()
    const { faults } = group.world.kafka
    await group.join('a', briefly)
    const stayed = new Set(group.watch.owned('a'))
    const positions = new Map<number, bigint[]>()
    const seen = faults.on('Fetch', { clientId: 'a', topic: TOPIC, times: Number.POSITIVE_INFINITY }).run((request) => {
      for (const { topic, partition = -1, fetchOffset = -1n } of request.subjects())
        if (topic === TOPIC) positions.set(partition, [...(positions.get(partition) ?? []), fetchOffset])
    })
    onTestFinished(() => seen.remove())
    const settle = group.load()
    for (let round = 0; round < 3; round += 1) {
      await group.join('guest', briefly)
      for (const partition of stayed) if (!group.watch.owned('a').includes(partition)) stayed.delete(partition)
      await group.moreRuns(40)
      await group.leave('guest')
    }
    await settle()
    expect(stayed.size).toBeGreaterThan(0)
    for (const partition of stayed) {
      const asked = positions.get(partition) ?? []
      expect(asked.length).toBeGreaterThan(10)
      expect(asked, `partition ${partition}`).toEqual(asked.toSorted((x, y) => (x < y ? -1 : x > y ? 1 : 0)))
    }
    expect(group.watch.again).toEqual({ stayed: 0, moved: 0 })
    expect(group.world.kafka.group(GROUP)?.generationId).toBeGreaterThanOrEqual(7)
  })
})

/** Where each partition's log ends. */
function endsOf(group: BusyGroup): bigint[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => group.world.kafka.offsets(TOPIC, partition).endOffset)
}
