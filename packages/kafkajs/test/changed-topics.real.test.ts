/** A static leader's restart on Apache Kafka: it must find out that it leads, and that partitions were added, from what the coordinator says of the group. */
import { randomUUID } from 'node:crypto'
import { expect, it, onTestFinished } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { join, type Member } from './members.ts'

const PATIENCE_MS = 20_000

it('a static leader that comes back sees what was added while it was away and after, and rebalances for nothing else', async () => {
  const brokers = String(process.env['TRIBUTARY_REAL_KAFKA']).split(',')
  const driver = kafkajs({ brokers, metadataMaxAgeMs: 300 })
  onTestFinished(() => driver.close())
  const admin = driver.createAdmin({ clientId: 'admin' })
  const [read, other] = [`changed-read-${randomUUID()}`, `changed-other-${randomUUID()}`]
  await admin.createTopics([read, other].map((topic) => ({ topic, partitions: 1, replicationFactor: 1, configs: {} })))
  const member = (topic: string, instanceId: string): Member =>
    join(driver, topic, { group: read, instanceId, clientId: instanceId, sessionTimeoutMs: 30_000 })

  const leader = member(read, 'one')
  await leader.until(() => leader.epochs.size === 1, PATIENCE_MS)
  const reader = member(other, 'two')
  await reader.until(() => reader.epochs.size === 1, PATIENCE_MS)
  await leader.until(() => leader.consumer.status().generation === reader.consumer.status().generation, PATIENCE_MS)
  const { generation } = reader.consumer.status()

  await leader.consumer.close()
  const unchanged = member(read, 'one')
  await unchanged.until(() => unchanged.epochs.size === 1, PATIENCE_MS)
  // Far longer than the looks at topics are apart: a rebalance without cause would have begun.
  await new Promise((resolve) => setTimeout(resolve, 2_000))
  expect(unchanged.consumer.status()).toMatchObject({ state: 'stable', generation })

  await unchanged.consumer.close()
  await admin.createPartitions(read, 2)
  await admin.createPartitions(other, 2)
  const again = member(read, 'one')
  await again.until(() => again.epochs.size === 2, PATIENCE_MS)
  await reader.until(() => reader.epochs.size === 2, PATIENCE_MS)
  expect(again.heard).toEqual(['assigned 0', 'assigned 1'])

  await admin.createPartitions(other, 3)
  await reader.until(() => reader.epochs.size === 3, PATIENCE_MS)
  expect(reader.heard.join()).not.toContain('revoking')
})
