/** A broker of three is killed and comes back while events flow: what was acknowledged is on the log once, and all of it is read. */
import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { join } from './members.ts'
import { type Told, tell } from './stage.ts'

const PARTITIONS = 6

it('loses and doubles nothing when a broker is killed', { timeout: 180_000 }, async () => {
  const control = process.env['TRIBUTARY_REAL_KAFKA3_CONTROL'] ?? ''
  const driver = kafkajs({ brokers: (process.env['TRIBUTARY_REAL_KAFKA3'] ?? '').split(','), requestTimeoutMs: 5_000 })
  onTestFinished(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'admin' })
  const topic = `killed-${randomUUID()}`
  await admin.createTopics([
    { topic, partitions: PARTITIONS, replicationFactor: 3, configs: { 'min.insync.replicas': '2' } },
  ])
  const producer = driver.createProducer({ clientId: 'p' })
  const member = join(driver, topic, { group: topic, heartbeatIntervalMs: 1_000, sessionTimeoutMs: 30_000 })
  const telling: Promise<Told>[] = []
  const sendFor = async (milliseconds: number): Promise<void> => {
    for (const end = performance.now() + milliseconds; performance.now() < end; ) {
      telling.push(tell(producer, topic, telling.length % PARTITIONS, `v${telling.length}`, 60_000))
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  await sendFor(3_000)
  await fetch(`${control}/nodes/2/kill`, { method: 'POST' })
  await sendFor(12_000)
  await fetch(`${control}/nodes/2/restart`, { method: 'POST' })
  await sendFor(3_000)
  const told = await Promise.all(telling)

  expect(told.filter(({ outcome }) => outcome !== 'acknowledged')).toEqual([])
  const logged: string[] = []
  for (const { partition, logStartOffset, logEndOffset } of await admin.offsets(topic)) {
    const values: string[] = []
    for await (const chunk of admin.readRange({ topic, partition }, logStartOffset, logEndOffset)) {
      values.push(...Array.from(chunk.records, ({ value }) => String(value)))
    }
    expect(values, `order in partition ${partition}`).toEqual(
      told.filter((each) => each.partition === partition).map(({ value }) => value),
    )
    logged.push(...values)
  }
  await member.until(() => new Set(member.values()).size === logged.length, 60_000)
  expect(member.values().toSorted()).toEqual(logged.toSorted())
})
