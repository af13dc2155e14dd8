/** Administration that meets lost answers and brokers that are late to know. */
import { expect, it } from 'vitest'
import { stage } from './stage.ts'

it('adds partitions once when the answer is lost', async () => {
  const { kafka, driver } = await stage()
  kafka.createTopic('orders', { partitions: 2 })
  const lost = kafka.faults.on('CreatePartitions').dropConnection('after')
  await driver.createAdmin({ clientId: 'a' }).createPartitions('orders', 5)
  expect(lost.count).toBe(1)
  expect(kafka.partitionCount('orders')).toBe(5)
})

it('creates a topic, and deletes it, although the answers are lost', async () => {
  const { kafka, driver } = await stage()
  const admin = driver.createAdmin({ clientId: 'a' })
  kafka.faults.on('CreateTopics').dropConnection('after')
  kafka.faults.on('DeleteTopics').dropConnection('after')
  await admin.createTopics([{ topic: 'orders', partitions: 2, replicationFactor: 1, configs: {} }])
  expect(kafka.partitionCount('orders')).toBe(2)
  await admin.deleteTopics(['orders'])
  expect(kafka.topics()).not.toContain('orders')
})

it('finds the controller and the coordinator again when they have moved', async () => {
  const { kafka, driver } = await stage({ kafka: { brokers: 2 } })
  kafka.createTopic('orders')
  const admin = driver.createAdmin({ clientId: 'a' })
  const offsets = [{ topic: 'orders', partition: 0, nextOffset: 3n, metadata: 'm' }]
  await admin.setCommitted('group', offsets)
  kafka.moveCoordinator('group', kafka.coordinatorOf('group') === 0 ? 1 : 0)
  kafka.faults.on('CreateTopics').failWith('NOT_CONTROLLER')
  await admin.createTopics([{ topic: 'mails', partitions: 1, replicationFactor: 1, configs: {} }])
  expect(await admin.committed('group', 'orders')).toEqual(offsets)
})
