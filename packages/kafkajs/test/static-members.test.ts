/** Members that keep their place in the group while they are away. */
import { describe, expect, it } from 'vitest'
import { join } from './members.ts'
import { stage } from './stage.ts'

describe('a static member', () => {
  it('that another process has replaced ends, instead of throwing the other one out in turn', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const member = join(driver, 'orders', { instanceId: 'one' })
    await member.until(() => member.heard.length === 1)
    kafka.faults.on('Heartbeat').failWith('FENCED_INSTANCE_ID')
    await member.until(() => member.failure !== null)
    expect(member.heard).toEqual(['assigned 0', 'lost 0'])
    expect(member.failure).toMatchObject({
      code: 'GROUP_PROTOCOL_MISMATCH',
      message: expect.stringContaining('instanceId'),
    })
  })

  it('comes back within the session timeout without a rebalance', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 2 })
    const other = join(driver, 'orders', { instanceId: 'one' })
    const member = join(driver, 'orders', { instanceId: 'two' })
    await member.until(() => member.epochs.size === 1)
    await new Promise((resolve) => setTimeout(resolve, 300))
    const generation = other.consumer.status().generation
    const heard = other.heard.length
    await member.consumer.close()
    const again = join(driver, 'orders', { instanceId: 'two' })
    await again.until(() => again.epochs.size === 1)
    expect([...again.epochs.keys()]).toEqual([...member.epochs.keys()])
    expect(other.heard).toHaveLength(heard)
    expect(other.consumer.status().generation).toBe(generation)
  })
})
