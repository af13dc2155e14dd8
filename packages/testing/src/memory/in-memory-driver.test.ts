import type { AssignedPartition, Chunk, GroupListener, GroupOptions, TopicPartition } from '@tributary/event-bus'
import { describe, expect, it } from 'vitest'
import { createVirtualClock } from '../clock/virtual-clock.ts'
import { inMemoryDriver } from './in-memory-driver.ts'

const ORDERS = { topic: 'orders', partition: 0 }

const options: GroupOptions & { readonly clientId: string } = {
  clientId: 'member',
  group: 'stock',
  topics: ['orders'],
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 3_000,
  rebalanceTimeoutMs: 20_000,
  drainMs: 5_000,
  maxWaitMs: 500,
  maxBytes: 1_000_000,
  maxBytesPerPartition: 1_000_000,
}

class Member implements GroupListener {
  readonly assigned: AssignedPartition[] = []
  readonly lost: TopicPartition[] = []
  readonly chunks: Chunk[] = []
  failure: Error | null = null

  async onAssigned(partitions: readonly AssignedPartition[]) {
    this.assigned.push(...partitions)
    return partitions.map(({ topic, partition, committed }) => ({
      topic,
      partition,
      position: committed?.nextOffset ?? 0n,
    }))
  }
  async onRevoking(): Promise<void> {}
  onLost(partitions: readonly TopicPartition[]): void {
    this.lost.push(...partitions)
  }
  onChunk(chunk: Chunk): void {
    this.chunks.push(chunk)
  }
  onFailed(error: Error): void {
    this.failure = error
  }
}

function bench() {
  const clock = createVirtualClock()
  const driver = inMemoryDriver({ clock, topics: { orders: 1 } })
  const producer = driver.createProducer({ clientId: 'test' })
  const append = (value: string, timeoutMs = 1_000) =>
    producer.append(ORDERS, [{ key: null, value: Buffer.from(value), headers: [], timestamp: 1 }], { timeoutMs })
  const log = () => driver.cluster.log('orders', 0).map(({ value }) => value?.toString())
  const join = () => {
    const member = new Member()
    return { member, consumer: driver.joinGroup(options, member) }
  }
  return { clock, driver, append, log, join, faults: driver.cluster.faults }
}

describe('faults of appends', () => {
  it('leave nothing on the log unless they say so, and strike as often as they were told', async () => {
    const { append, log, faults } = bench()
    const transient = faults.failAppends({ topic: 'orders', kind: 'transient', times: 1 })
    await expect(append('a')).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT', outcome: 'not-written' })
    await append('b')
    expect(transient.hits).toBe(1)
    faults.failAppends({ kind: 'unknown', isApplied: true, times: 1 })
    await expect(append('c')).rejects.toMatchObject({ outcome: 'unknown' })
    faults.failAppends({ kind: 'unknown', times: 1 })
    await expect(append('d')).rejects.toMatchObject({ outcome: 'unknown' })
    const permanent = faults.failAppends({ kind: 'permanent' })
    await expect(append('e')).rejects.toMatchObject({ code: 'WRITE_REFUSED', outcome: 'not-written' })
    permanent.clear()
    await append('f')
    expect(log()).toEqual(['b', 'c', 'f'])
  })

  it('concern only the partitions that they name', async () => {
    const { append, faults } = bench()
    faults.failAppends({ topic: 'payments', kind: 'permanent' })
    faults.failAppends({ topic: 'orders', partition: 3, kind: 'permanent' })
    await expect(append('a')).resolves.toEqual({ baseOffset: 0n })
  })

  it('hold appends in their order, and apply at the release what was given up as unknown meanwhile', async () => {
    const { clock, append, log, faults } = bench()
    const hold = faults.holdAppends({ topic: 'orders' })
    const late = expect(append('late', 100)).rejects.toMatchObject({ code: 'PUBLISH_TIMEOUT', outcome: 'unknown' })
    const patient = append('patient', 10_000)
    await clock.advance(100)
    await late
    expect(hold.waiting).toBe(2)
    expect(log()).toEqual([])
    hold.release()
    expect(await patient).toEqual({ baseOffset: 1n })
    expect(log()).toEqual(['late', 'patient'])
  })
})

describe('faults of commits', () => {
  it('answer as told, and store the offset only when they say so', async () => {
    const { clock, driver, join, faults } = bench()
    const { consumer, member } = join()
    await clock.settle()
    const commit = async (nextOffset: bigint) => {
      const epoch = member.assigned[0]?.epoch ?? 0
      const [result] = await consumer.commit([{ ...ORDERS, epoch, nextOffset, metadata: '' }])
      return [result?.outcome, driver.cluster.committed('stock')[0]?.nextOffset]
    }
    faults.failCommits({ group: 'stock', outcome: 'failed', times: 1 })
    expect(await commit(1n)).toEqual(['failed', undefined])
    faults.failCommits({ outcome: 'failed', isApplied: true, times: 1 })
    expect(await commit(2n)).toEqual(['failed', 2n])
    faults.failCommits({ group: 'another', outcome: 'failed' })
    expect(await commit(3n)).toEqual(['committed', 3n])
  })

  it('hold a commit no longer than the request timeout, and fence it at the release when the partition has moved on', async () => {
    const { clock, driver, join, faults } = bench()
    const { consumer, member } = join()
    await clock.settle()
    const hold = faults.holdCommits()
    const answer = consumer.commit([{ ...ORDERS, epoch: member.assigned[0]?.epoch ?? 0, nextOffset: 1n, metadata: '' }])
    await clock.advance(10_000)
    expect(await answer).toMatchObject([{ outcome: 'failed' }])
    driver.cluster.expireMember('stock', consumer.status().memberId)
    await clock.settle()
    hold.release()
    await clock.settle()
    expect(driver.cluster.committed('stock')).toEqual([])
  })
})

describe('a session that expires', () => {
  it('lets the member go on unawares, fenced, until it is told; others own its partitions from the start', async () => {
    const { clock, driver, append, join } = bench()
    const { consumer, member } = join()
    await clock.settle()
    const epoch = member.assigned[0]?.epoch ?? 0
    driver.cluster.expireMember('stock', consumer.status().memberId, 5_000)
    const other = join()
    await clock.settle()
    expect(other.member.assigned).toHaveLength(1)
    expect(member.lost).toEqual([])
    await append('read by both')
    await clock.settle()
    expect(member.chunks).toHaveLength(1)
    await clock.advance(4_999)
    expect(member.lost).toEqual([])
    await clock.advance(1)
    expect(member.lost).toEqual([ORDERS])
    expect(await consumer.commit([{ ...ORDERS, epoch, nextOffset: 1n, metadata: '' }])).toMatchObject([
      { outcome: 'fenced' },
    ])
  })

  it('is noticed earlier by a commit that is refused', async () => {
    const { clock, driver, join } = bench()
    const { consumer, member } = join()
    await clock.settle()
    driver.cluster.expireMember('stock', consumer.status().memberId, 60_000)
    const late = { ...ORDERS, epoch: member.assigned[0]?.epoch ?? 0, nextOffset: 1n, metadata: '' }
    expect(await consumer.commit([late])).toMatchObject([{ outcome: 'fenced' }])
    await clock.settle()
    expect(member.lost).toEqual([ORDERS])
    expect(member.assigned).toHaveLength(2)
    expect(driver.cluster.committed('stock')).toEqual([])
  })

  it('ends a member that does not let go within the rebalance timeout', async () => {
    const { clock, driver, join } = bench()
    const { member } = join()
    member.onRevoking = () => new Promise(() => {})
    await clock.settle()
    await driver.createAdmin({ clientId: 'test' }).createPartitions('orders', 2)
    await clock.settle()
    const other = join()
    await clock.settle()
    expect(other.member.assigned).toEqual([])
    await clock.advance(options.rebalanceTimeoutMs)
    expect(member.lost).toHaveLength(2)
    expect(other.member.assigned.length).toBeGreaterThan(0)
  })

  it('takes nothing from a member that is back, although it was to give something up before', async () => {
    const clock = createVirtualClock()
    const driver = inMemoryDriver({ clock, topics: { orders: 2 } })
    const revoked: TopicPartition[] = []
    class Slow extends Member {
      override async onAssigned(partitions: readonly AssignedPartition[]) {
        const positions = await super.onAssigned(partitions)
        await new Promise<void>((resolve) => void clock.setTimer(resolve, 1_000))
        return positions
      }
      override async onRevoking(partitions: readonly TopicPartition[] = []): Promise<void> {
        revoked.push(...partitions)
      }
    }
    const slow = new Slow()
    const consumer = driver.joinGroup(options, slow)
    await clock.settle()
    driver.joinGroup(options, new Member())
    await clock.settle()
    driver.cluster.expireMember('stock', consumer.status().memberId)
    await clock.advance(2_000)
    expect(slow.lost).toHaveLength(2)
    expect(revoked).toEqual([])
  })
})

describe('the in-memory cluster', () => {
  it('ends a membership when its topic is deleted, after the partitions were reported lost', async () => {
    const { clock, driver, join } = bench()
    const { consumer, member } = join()
    await clock.settle()
    await driver.createAdmin({ clientId: 'test' }).deleteTopics(['orders'])
    expect(member.lost).toEqual([ORDERS])
    expect(member.failure).toMatchObject({ code: 'TOPIC_NOT_FOUND' })
    expect(consumer.status().state).toBe('failed')
  })

  it('stamps records with its own clock where the topic says so', async () => {
    const { clock, driver, append } = bench()
    await driver
      .createAdmin({ clientId: 'test' })
      .alterTopicConfigs('orders', { 'message.timestamp.type': 'LogAppendTime' })
    await append('a')
    expect(driver.cluster.log('orders', 0)[0]?.timestamp).toBe(clock.now())
  })

  it('leaves no timer behind when everything is closed', async () => {
    const { clock, driver, append, join } = bench()
    const { consumer, member } = join()
    await clock.settle()
    await append('a')
    await consumer.commit([{ ...ORDERS, epoch: member.assigned[0]?.epoch ?? 0, nextOffset: 1n, metadata: '' }])
    await driver.close()
    expect(clock.waitingTimers).toBe(0)
  })

  it('names the members that there are when asked to expire another', () => {
    const { driver } = bench()
    expect(() => driver.cluster.expireMember('stock', 'nobody')).toThrow('its members are none')
  })
})
