/** What the user of a bus is told, in health and in the log, of a group that cannot be joined or read. */
import { createEventBus, type Driver, defineSubscription, handle, type Subscription } from '@tributary/event-bus'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { orderPlaced } from './failure-matrix/order-placed.ts'
import { join } from './members.ts'
import { notingLogger } from './noting-logger.ts'
import { record, stage } from './stage.ts'

function subscribed(driver: Driver, warnings: string[]): Subscription {
  const bus = createEventBus({ source: 'test', driver, logger: notingLogger(warnings) })
  onTestFinished(() => bus.close())
  return bus.subscribe(defineSubscription({ group: 'inventory', on: [handle(orderPlaced, () => {})] }))
}

it('a cluster that cannot be reached is named in health, and once in the log however often it is tried', async () => {
  const warnings: string[] = []
  const subscription = subscribed(kafkajs({ brokers: ['127.0.0.1:1'] }), warnings)
  await vi.waitFor(() => expect(subscription.health().lastError).toContain('ECONNREFUSED 127.0.0.1:1'))
  expect(subscription.health()).toMatchObject({
    ready: false,
    state: 'disconnected',
    lastError: expect.stringMatching(/^CLUSTER_UNAVAILABLE: /),
  })
  await new Promise((resolve) => setTimeout(resolve, 700)) // the second attempt comes after 100 ms, the third 200 ms later
  expect(warnings).toEqual([expect.stringMatching(/"group":"inventory".*the group cannot be kept or joined/)])
})

it('a topic that is missing is named in health until it is there', async () => {
  const { kafka, driver } = await stage()
  const member = join(driver, 'orders')
  await member.until(() => member.consumer.status().state === 'stable')
  await member.until(() => member.consumer.status().lastError !== null)
  expect(member.consumer.status().lastError).toMatchObject({
    code: 'TOPIC_NOT_FOUND',
    message: expect.stringMatching(/^reading orders: .*applyTopics/),
  })
  kafka.createTopic('orders')
  await member.until(() => member.consumer.status().lastError === null)
})

it('a broker that stopped is forgotten once others lead what it led', async () => {
  const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
  kafka.createTopic('orders', { replicationFactor: 2 })
  const producer = driver.createProducer({ clientId: 'p' })
  const member = join(driver, 'orders')
  await member.until(() => member.epochs.size === 1)
  const away = kafka.coordinatorOf('group') === 0 ? 1 : 0
  kafka.moveLeader('orders', 0, away)
  await producer.append({ topic: 'orders', partition: 0 }, [record('from the one')], { timeoutMs: 5_000 })
  await member.until(() => member.values().length === 1)
  await kafka.stopBroker(away)
  await producer.append({ topic: 'orders', partition: 0 }, [record('from the other')], { timeoutMs: 5_000 })
  await member.until(() => member.values().length === 2)
  await member.until(() => member.consumer.status().lastError === null)
})

describe('a topic that is made after the group was joined', () => {
  it('is said to be missing, and read within seconds of its creation, however rarely metadata are looked at', async () => {
    const warnings: string[] = []
    const { kafka, driver } = await stage({ driver: { metadataMaxAgeMs: 60_000 } })
    const member = join(driver, 'orders', { logger: notingLogger(warnings) })
    await member.until(() => warnings.length > 0)
    expect(warnings).toEqual([
      '{"group":"group","topic":"orders"} the topic is not there: create it; reading begins as soon as it is',
    ])
    kafka.createTopic('orders')
    await member.until(() => member.heard.includes('assigned 0'))
    expect(warnings).toHaveLength(1)
  })

  it('is told to the logger of the driver where it has one, and not to that of the bus', async () => {
    const toDriver: string[] = []
    const toBus: string[] = []
    const { driver } = await stage({ driver: { logger: notingLogger(toDriver) } })
    const member = join(driver, 'orders', { logger: notingLogger(toBus) })
    await member.until(() => toDriver.length > 0)
    expect(toBus).toEqual([])
  })
})

describe('a group that other clients serve', () => {
  it('is refused with an error that says what to do', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup', { times: Number.POSITIVE_INFINITY }).failWith('INCONSISTENT_GROUP_PROTOCOL')
    const member = join(driver, 'orders')
    await expect(member.consumer.joined).rejects.toMatchObject({ code: 'GROUP_PROTOCOL_MISMATCH' })
    expect(member.failure).toMatchObject({ code: 'GROUP_PROTOCOL_MISMATCH' })
    expect(member.consumer.status().state).toBe('failed')
  })

  it('ends the membership when the right to read is missing', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.faults.on('JoinGroup').failWith('GROUP_AUTHORIZATION_FAILED')
    const member = join(driver, 'orders')
    await member.until(() => member.failure !== null)
    expect(member.failure).toMatchObject({ code: 'NOT_AUTHORIZED' })
  })
})
