import { connect } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { expect, test } from 'vitest'

const brokers = (process.env['TRIBUTARY_REAL_KAFKA3'] ?? '').split(',')
const kafka = new Kafka({ brokers, logLevel: logLevel.NOTHING })
const order = (call: string) =>
  fetch(`${process.env['TRIBUTARY_REAL_KAFKA3_CONTROL']}/nodes/2/${call}`, { method: 'POST' })

// While a node is away, a description of the cluster fails as soon as any topic of other tests has lost its only replica: so its nodes are knocked at.
const listening = async (): Promise<number> => (await Promise.all(brokers.map(accepts))).filter(Boolean).length

function accepts(broker: string): Promise<boolean> {
  const [host = '', port] = broker.split(':')
  return new Promise((resolve) => {
    const socket = connect(Number(port), host)
    const answer = (isOpen: boolean): void => {
      socket.destroy()
      resolve(isOpen)
    }
    socket.once('connect', () => answer(true))
    socket.once('error', () => answer(false))
  })
}

test('a node of the cluster can be killed and is back after its restart', async () => {
  const admin = kafka.admin()
  await admin.connect()
  const nodes = async (): Promise<number> => (await admin.describeCluster()).brokers.length
  expect(await nodes()).toBe(3)
  expect((await order('kill')).status).toBe(200)
  await expect.poll(listening, { timeout: 30_000 }).toBe(2)
  expect((await order('restart')).status).toBe(200)
  await expect.poll(listening, { timeout: 30_000 }).toBe(3)
  await expect.poll(() => nodes().catch(() => 0), { timeout: 30_000 }).toBe(3)
  await admin.disconnect()
})
