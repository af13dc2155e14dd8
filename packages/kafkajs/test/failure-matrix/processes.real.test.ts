/** Processes of a group on Apache Kafka are killed, frozen and ended. The oracle reads logs and committed offsets by a connection of its own. */
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  applyTopics,
  createEventBus,
  defineSubscription,
  type EventBus,
  handle,
  planTopics,
} from '@tributary/event-bus'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../../src/index.ts'
import { MemberProcess, type MemberSettings, mostDuplicates } from './member-processes.ts'
import { orderPlacedOn } from './order-placed.ts'

const PARTITIONS = 3

class RealWorld {
  readonly settings: MemberSettings
  readonly bus: EventBus
  readonly handled: string[] = []

  constructor(brokers: readonly string[]) {
    const name = `matrix-${randomUUID()}`
    this.settings = {
      brokers,
      topic: name,
      group: name,
      concurrency: 10,
      handlerMs: 10,
      commitIntervalMs: 200,
      sessionTimeoutMs: 6_000,
    }
    this.bus = createEventBus({ source: 'oracle', driver: kafkajs({ brokers }) })
    onTestFinished(() => this.bus.close())
  }

  async createTopics(): Promise<void> {
    const { group, topic } = this.settings
    const event = orderPlacedOn(topic)
    const subscription = defineSubscription({ group, on: [handle(event, () => {})] })
    const defaults = { partitions: PARTITIONS, replicationFactor: 1 }
    await applyTopics(this.bus.admin, planTopics({ events: [event], subscriptions: [subscription], defaults }))
  }

  async member(): Promise<MemberProcess> {
    const member = new MemberProcess(this.settings, (place) => this.handled.push(place))
    await member.said('ready')
    return member
  }

  async publish(count: number): Promise<void> {
    const items = Array.from({ length: count }, (_, n) => ({ orderId: `order-${n % 100}`, n }))
    await this.bus.publishMany(orderPlacedOn(this.settings.topic), items)
  }

  /** I1 at every look, until all that is on the log is committed. */
  async settled(): Promise<void> {
    await vi.waitFor(async () => expect(await this.#uncommitted()).toBe(0n), { timeout: 60_000, interval: 200 })
  }

  async #uncommitted(): Promise<bigint> {
    const { admin } = this.bus
    const { topic, group } = this.settings
    const committed = new Map((await admin.committed(group, topic)).map((each) => [each.partition, each.nextOffset]))
    const handled = new Set(this.handled)
    let uncommitted = 0n
    for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic)) {
      const nextOffset = committed.get(partition) ?? 0n
      uncommitted += logEndOffset - nextOffset
      for await (const chunk of admin.readRange({ topic, partition }, logStartOffset, nextOffset)) {
        for (const { offset } of chunk.records) expect(handled).toContain(`${partition}/${offset}`)
      }
    }
    return uncommitted
  }

  get duplicates(): number {
    return this.handled.length - new Set(this.handled).size
  }
}

async function realWorld(): Promise<RealWorld> {
  const w = new RealWorld(String(process.env['TRIBUTARY_REAL_KAFKA']).split(','))
  await w.createTopics()
  return w
}

describe('a process of the group, on Apache Kafka', { timeout: 120_000 }, () => {
  it('that is killed in mid-flight loses nothing; twice run at most what was in flight and settled since its last commit', async () => {
    const w = await realWorld()
    const victim = await w.member()
    await w.publish(600)
    await victim.said('handled', 100)
    victim.child.kill('SIGKILL')
    await once(victim.child, 'exit')
    new MemberProcess(w.settings, (place) => w.handled.push(place))
    await w.settled()
    expect(new Set(w.handled).size).toBe(600)
    expect(w.duplicates).toBeLessThanOrEqual(mostDuplicates(w.settings))
  })

  it('that is frozen and thawed is fenced: what it does then changes nothing', async () => {
    const w = await realWorld()
    const frozen = await w.member()
    await w.publish(300)
    await frozen.said('handled', 50)
    frozen.child.kill('SIGSTOP')
    const heir = new MemberProcess(w.settings, (place) => w.handled.push(place))
    await heir.said('handled', 50)
    frozen.child.kill('SIGCONT')
    await w.publish(300)
    await w.settled()
    expect(new Set(w.handled).size).toBe(600)
  })

  it('that joins and leaves again and again under load: nothing is lost, and nothing runs twice', async () => {
    const w = await realWorld()
    await w.member()
    const publishing = (async () => {
      for (let round = 0; round < 40; round += 1) {
        await w.publish(50)
        await sleep(100)
      }
    })()
    for (let round = 0; round < 2; round += 1) {
      const guest = await w.member()
      await sleep(1_000)
      guest.child.kill('SIGTERM')
      await once(guest.child, 'exit')
    }
    await publishing
    await w.settled()
    expect(new Set(w.handled).size).toBe(2_000)
    expect(w.duplicates).toBe(0)
  })
})
