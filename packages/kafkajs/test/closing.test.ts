/** How a member leaves: soon, whatever is going on, and without a trace. */
import { describe, expect, it } from 'vitest'
import { kafkajs } from '../src/index.ts'
import { join } from './members.ts'
import { record, stage } from './stage.ts'

describe('closing', () => {
  it('takes no longer than two seconds or so when no broker answers', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 6 })
    const member = join(driver, 'orders')
    await member.until(() => member.heard.length === 1)
    kafka.pauseAnswers()
    const startedAt = performance.now()
    await member.consumer.close()
    expect(performance.now() - startedAt).toBeLessThan(4_000)
    expect(member.consumer.status().state).toBe('closed')
  })

  it('leaves the group also while its own join waits for another member', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders', { partitions: 4 })
    const letGo = Promise.withResolvers<void>()
    const draining = join(driver, 'orders', { drainMs: 6_000, revoking: () => letGo.promise })
    await draining.until(() => draining.heard.length === 1)
    const leaving = join(driver, 'orders')
    await draining.until(() => draining.heard.length === 2)
    const third = join(driver, 'orders')
    await leaving.until(() => leaving.consumer.status().state === 'rebalancing')
    const { memberId } = leaving.consumer.status()
    await leaving.consumer.close()
    await third.until(() => kafka.group('group')?.memberIds.includes(memberId) === false, 1_000)
    letGo.resolve()
    await third.until(() => third.epochs.size === 2)
  })

  it('does not wait for a long poll', async () => {
    const { kafka, driver } = await stage({ kafka: { brokers: 3 } })
    kafka.createTopic('orders', { partitions: 6 })
    const member = join(driver, 'orders', { maxWaitMs: 5_000 })
    await member.until(() => member.heard.length === 1)
    const startedAt = performance.now()
    await member.consumer.close()
    expect(performance.now() - startedAt).toBeLessThan(2_000)
  })

  it('works from inside onChunk', async () => {
    const { kafka, driver } = await stage()
    kafka.createTopic('orders')
    const closed = Promise.withResolvers<void>()
    const member = join(driver, 'orders', { onChunk: () => void member.consumer.close().then(closed.resolve) })
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 0 }, [record('a')], { timeoutMs: 5_000 })
    await closed.promise
  })

  it('leaves no timer behind, and no warning', async () => {
    const { kafka } = await stage()
    kafka.createTopic('orders')
    const warnings: string[] = []
    const onWarning = (warning: Error): unknown => warnings.push(warning.name)
    process.on('warning', onWarning)
    const before = process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const driver = kafkajs({ brokers: kafka.bootstrapServers })
    const member = join(driver, 'orders')
    await driver
      .createProducer({ clientId: 'p' })
      .append({ topic: 'orders', partition: 0 }, [record('a')], { timeoutMs: 60_000 })
    await member.until(() => member.values().length === 1)
    await member.commit(0)
    await driver.close()
    await new Promise((resolve) => setTimeout(resolve, 50))
    process.off('warning', onWarning)
    expect(warnings).toEqual([])
    expect(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length).toBeLessThanOrEqual(before)
  })
})
