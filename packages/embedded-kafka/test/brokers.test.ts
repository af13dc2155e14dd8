import { describe, expect, it, vi } from 'vitest'
import { SystemClock } from '../src/cluster/clock.ts'
import { startEmbeddedKafka } from '../src/index.ts'
import { commit } from './support/commit.ts'
import { createPartitioner, kafkajsFor } from './support/kafkajs-client.ts'
import { connectRaw } from './support/raw-client.ts'

it('keeps no timer running while nothing happens', async () => {
  const schedule = vi.spyOn(SystemClock.prototype, 'schedule')
  await using kafka = await startEmbeddedKafka({ brokers: 3 })
  kafka.createTopic('orders', { partitions: 100 })
  await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
  expect(schedule).not.toHaveBeenCalled()
  schedule.mockRestore()
})

describe('a stopped broker', () => {
  it('loses its partitions and groups to those that live, and keeps its port for its return', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 3 })
    kafka.createTopic('orders', { partitions: 3 })
    const before = kafka.bootstrapServers
    kafka.moveCoordinator('team', 1)
    await kafka.stopBroker(1)
    expect([0, 1, 2].map((partition) => kafka.leaderOf('orders', partition))).toEqual([0, 2, 2])
    expect(kafka.coordinatorOf('team')).not.toBe(1)
    await expect(connectRaw(before[1])).rejects.toThrow(/ECONNREFUSED/)
    await kafka.startBroker(1)
    expect(kafka.bootstrapServers).toEqual(before)
    using client = await connectRaw(before[1])
    const { brokers } = await client.ask<{ brokers: { nodeId: number }[] }>('Metadata', 6, { topics: [] })
    expect(brokers.map(({ nodeId }) => nodeId)).toEqual([0, 1, 2])
  })

  it('that was the only one keeps data, groups and commits until it is back', async () => {
    await using kafka = await startEmbeddedKafka()
    kafka.createTopic('orders')
    const client = kafkajsFor(kafka)
    const producer = client.producer({ createPartitioner })
    await producer.connect()
    await producer.send({ topic: 'orders', messages: [{ value: 'before' }] })
    await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
    await kafka.stopBroker(0)
    expect(kafka.leaderOf('orders', 0)).toBe(-1)
    expect(kafka.coordinatorOf('g')).toBeUndefined()
    await kafka.startBroker(0)
    await producer.send({ topic: 'orders', messages: [{ value: 'after' }] })
    expect(kafka.log('orders', 0).map(({ value }) => value?.toString())).toEqual(['before', 'after'])
    expect(kafka.committed('g')).toMatchObject([{ nextOffset: 1n }])
    await producer.disconnect()
  })
})

describe('the coordinator of a group', () => {
  it('moves only with its broker, and stays where it went', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 3 })
    kafka.createTopic('orders')
    await commit(kafka, { groupId: 'g', topic: 'orders', nextOffset: 1n })
    const first = kafka.coordinatorOf('g') ?? -1
    const [bystander = -1] = [0, 1, 2].filter((id) => id !== first)
    await kafka.stopBroker(bystander)
    expect(kafka.coordinatorOf('g')).toBe(first)
    await kafka.startBroker(bystander)
    await kafka.stopBroker(first)
    const second = kafka.coordinatorOf('g')
    expect(second).not.toBe(first)
    await kafka.startBroker(first)
    expect(kafka.coordinatorOf('g')).toBe(second)
    expect(kafka.committed('g')).toMatchObject([{ nextOffset: 1n }])
  })

  it('that moves tells the members of the group where it is not', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2 })
    kafka.moveCoordinator('g', 0)
    using client = await connectRaw(kafka.bootstrapServers[0])
    const join = (memberId: string) =>
      client.ask<{ errorCode: number; memberId: string }>('JoinGroup', 5, {
        groupId: 'g',
        sessionTimeoutMs: 10_000,
        rebalanceTimeoutMs: 10_000,
        memberId,
        protocolType: 'consumer',
        protocols: [{ name: 'range', metadata: Buffer.alloc(0) }],
      })
    await join((await join('')).memberId)
    kafka.moveCoordinator('g', 1)
    expect(await join('')).toMatchObject({ errorCode: 16 })
    const found = await client.ask('FindCoordinator', 2, { key: 'g', keyType: 0 })
    expect(found).toMatchObject({ errorCode: 0, nodeId: 1 })
  })
})

describe('a moved leader', () => {
  it('is found by kafkajs, which sends again', async () => {
    await using kafka = await startEmbeddedKafka({ brokers: 2 })
    kafka.createTopic('orders')
    const producer = kafkajsFor(kafka).producer({ createPartitioner })
    await producer.connect()
    await producer.send({ topic: 'orders', messages: [{ value: 'a' }] })
    kafka.moveLeader('orders', 0, 1)
    await producer.send({ topic: 'orders', messages: [{ value: 'b' }] })
    expect(kafka.log('orders', 0).map(({ value }) => value?.toString())).toEqual(['a', 'b'])
    await producer.disconnect()
  })
})
