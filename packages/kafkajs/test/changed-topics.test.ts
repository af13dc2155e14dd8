/** Topics that grow or appear: who notices, in groups whose members do not all read the same, and after a leader's restart. */
import type { EmbeddedKafka } from '@tributary/embedded-kafka'
import { describe, expect, it } from 'vitest'
import { join, type Member } from './members.ts'
import { stage } from './stage.ts'

/** Resolves when somebody has looked at the topics twice: of two requests for metadata one is such a look. */
async function looks(kafka: EmbeddedKafka, clientId: string): Promise<void> {
  await kafka.faults
    .on('Metadata', { clientId, times: 2 })
    .run(() => {})
    .happened(2)
}

const partitionsOf = (member: Member): number[] => [...member.epochs.keys()].toSorted()

describe('a topic that the leader does not read', () => {
  it('is assigned to its readers when it is made after they joined', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 1 })
    const leader = join(driver, 'orders', { clientId: 'leader' })
    await leader.until(() => leader.epochs.size === 1)
    const reader = join(driver, 'bills', { clientId: 'reader' })
    await reader.consumer.joined
    await looks(kafka, 'reader')
    kafka.createTopic('bills', { partitions: 2 })
    await reader.until(() => partitionsOf(reader).length === 2)
    expect(leader.heard).toEqual(['assigned 0'])
  })

  it('is assigned to its readers where it grows', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    kafka.createTopic('bills')
    const leader = join(driver, 'orders', { clientId: 'leader' })
    await leader.until(() => leader.epochs.size === 1)
    const reader = join(driver, 'bills', { clientId: 'reader' })
    await reader.until(() => reader.epochs.size === 1)
    await looks(kafka, 'reader')
    await driver.createAdmin({ clientId: 'admin' }).createPartitions('bills', 3)
    await reader.until(() => partitionsOf(reader).length === 3)
    expect(leader.heard).toEqual(['assigned 0'])
    expect(reader.heard.join()).not.toContain('revoking')
  })
})

// To a static member that comes back the coordinator names as leader who it was before: nobody takes itself for the leader.
describe('a static leader that comes back', () => {
  it('notices partitions that are added then', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const again = await restarted(await joined(driver, 'one'), driver, () => {})
    await looks(kafka, 'one')
    await driver.createAdmin({ clientId: 'admin' }).createPartitions('orders', 2)
    await again.until(() => again.epochs.size === 2)
  })

  it('notices partitions that were added while it was away', async () => {
    const { driver, kafka } = await stage()
    kafka.createTopic('orders')
    const admin = driver.createAdmin({ clientId: 'admin' })
    const again = await restarted(await joined(driver, 'one'), driver, () => admin.createPartitions('orders', 2))
    await again.until(() => again.epochs.size === 2)
    expect(again.heard).toEqual(['assigned 0', 'assigned 1'])
  })

  it('notices, for the others as well, what grew while it was away, and a topic that it does not read', async () => {
    const { driver, kafka } = await stage()
    kafka.createTopic('orders')
    kafka.createTopic('bills')
    const admin = driver.createAdmin({ clientId: 'admin' })
    const leader = await joined(driver, 'one')
    const reader = join(driver, 'bills', { instanceId: 'two', clientId: 'two' })
    await reader.until(() => reader.epochs.size === 1)
    await restarted(leader, driver, () => admin.createPartitions('bills', 3))
    await reader.until(() => partitionsOf(reader).length === 3)
    await admin.createPartitions('bills', 4)
    await reader.until(() => partitionsOf(reader).length === 4)
  })

  it('causes no rebalance where nothing has changed', async () => {
    const { driver, kafka } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const leader = await joined(driver, 'one', 2)
    const other = join(driver, 'orders', { instanceId: 'two', clientId: 'two' })
    await other.until(() => other.epochs.size === 1)
    await other.until(() => leader.consumer.status().generation === other.consumer.status().generation)
    const { generation } = other.consumer.status()
    const again = await restarted(leader, driver, () => {})
    await looks(kafka, 'one')
    await looks(kafka, 'one')
    expect(again.consumer.status()).toMatchObject({ state: 'stable', generation })
    expect(kafka.group('group')).toMatchObject({ state: 'Stable', generationId: generation })
  })

  it('has the group assigned anew where it cannot find out', async () => {
    const { driver, kafka } = await stage()
    kafka.createTopic('orders')
    const admin = driver.createAdmin({ clientId: 'admin' })
    const refused = kafka.faults.on('DescribeGroups').failWith('GROUP_AUTHORIZATION_FAILED')
    const again = await restarted(await joined(driver, 'one'), driver, () => admin.createPartitions('orders', 2))
    await refused.happened()
    await again.until(() => again.epochs.size === 2)
    expect(again.failure).toBeNull()
  })
})

async function joined(driver: Parameters<typeof join>[0], instanceId: string, partitions = 1): Promise<Member> {
  const member = join(driver, 'orders', { instanceId, clientId: instanceId })
  await member.until(() => member.epochs.size === partitions)
  return member
}

/** The same instance, after something happened while it was down. */
async function restarted(
  before: Member,
  driver: Parameters<typeof join>[0],
  meanwhile: () => unknown,
): Promise<Member> {
  await before.consumer.close()
  await meanwhile()
  const again = join(driver, 'orders', { instanceId: 'one', clientId: 'one' })
  await again.until(() => again.epochs.size > 0)
  return again
}
