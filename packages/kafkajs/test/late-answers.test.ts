/** Answers that come when the world has moved on: what they say is about the past, and must change nothing that is now. */
import { describe, expect, it } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { harnessFor } from './harness.ts'
import { join } from './members.ts'
import { stage } from './stage.ts'

describe('an answer that is about the past', () => {
  it('to a commit of a membership that was lost does not cost the one that followed it', async () => {
    const { kafka, driver } = await stage({ driver: { requestTimeoutMs: 5_000 } })
    kafka.createTopic('orders')
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    const late = kafka.faults.on('OffsetCommit').hold('before')
    const committing = member.commit(0)
    await late.happened()
    await harnessFor(kafka.bootstrapServers, async () => {}).expireMember?.('group', member.consumer.status().memberId)
    await member.until(() => member.heard.length === 2 && member.consumer.status().state === 'stable')
    const { memberId } = member.consumer.status()
    late.release()
    expect(await committing).toEqual(['fenced'])
    await member.until(() => member.heard.length === 3)
    await new Promise((resolve) => setTimeout(resolve, 300))
    expect(member.heard).toEqual(['assigned 0', 'lost 0', 'assigned 0'])
    expect(member.consumer.status()).toMatchObject({ state: 'stable', memberId })
  })

  // It said when joining that it owns both partitions, so the leader gives the second to nobody yet. By the time the answer comes it owns none: it has
  // nothing to hand over, and unless it joins again nobody ever gets that partition.
  it('to a join that claimed what was lost since leaves no partition without an owner', async () => {
    const { kafka, driver } = await stage({
      kafka: { groupMinSessionTimeoutMs: 100 },
      driver: { requestTimeoutMs: 5_000 },
    })
    kafka.createTopic('orders', { partitions: 2 })
    kafka.createTopic('bills')
    const slow = join(driver, 'bills', { clientId: 'slow' })
    await slow.until(() => slow.heard.length === 1)
    const deadlines = { sessionTimeoutMs: 1_000, rebalanceTimeoutMs: 1_000, drainMs: 200 }
    const member = join(driver, 'orders', { clientId: 'forgetful', ...deadlines })
    await member.until(() => member.heard.length === 1)
    // Its join is held, and the beats beside it come to nothing.
    kafka.faults
      .on('Heartbeat', { clientId: 'forgetful', times: Number.POSITIVE_INFINITY })
      .failWith('COORDINATOR_NOT_AVAILABLE')
    const waiting = kafka.faults.on('JoinGroup', { clientId: 'slow' }).hold('before')
    const other = join(driver, 'orders')
    await member.until(() => member.heard.includes('lost 0,1'))
    waiting.release()
    await other.until(() => other.epochs.size > 0)
    await member.until(() => new Set([...member.epochs.keys(), ...other.epochs.keys()]).size === 2)
  })
})

describe('a static member', () => {
  // A commit does not say which instance it is of, so to the coordinator a process that was replaced is a member that it does not know.
  it('that was replaced while it was frozen does not throw its successor out when its first word is a commit', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const frozen = join(driver, 'orders', { instanceId: 'one', clientId: 'frozen' })
    await frozen.until(() => frozen.heard.length === 1)
    const silence = kafka.faults.on('Heartbeat', { clientId: 'frozen', times: Number.POSITIVE_INFINITY }).hold('before')
    await silence.happened()
    const successor = join(kafkajs({ brokers: kafka.bootstrapServers }), 'orders', { instanceId: 'one' })
    await successor.until(() => successor.heard.length === 1)
    expect(await frozen.commit(0)).toEqual(['failed'])
    silence.remove()
    await frozen.until(() => frozen.failure !== null)
    expect(frozen.failure).toMatchObject({ code: 'GROUP_PROTOCOL_MISMATCH' })
    expect(successor.failure).toBeNull()
    expect(await successor.commit(0)).toEqual(['committed'])
    await successor.consumer.close()
  })
})
