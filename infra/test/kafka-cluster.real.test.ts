import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'

const kafka = new Kafka({
  brokers: (process.env['TRIBUTARY_REAL_KAFKA3'] ?? '').split(','),
  logLevel: logLevel.NOTHING,
})
const order = (call: string) =>
  fetch(`${process.env['TRIBUTARY_REAL_KAFKA3_CONTROL']}/nodes/2/${call}`, { method: 'POST' })

test('a node of the cluster can be killed and is back after its restart', async () => {
  const admin = kafka.admin()
  await admin.connect()
  const nodes = async (): Promise<number> => (await admin.describeCluster()).brokers.length
  expect(await nodes()).toBe(3)
  expect((await order('kill')).status).toBe(200)
  await expect.poll(nodes, { timeout: 30_000 }).toBe(2)
  expect((await order('restart')).status).toBe(200)
  await expect.poll(nodes, { timeout: 30_000 }).toBe(3)
  await admin.disconnect()
})
