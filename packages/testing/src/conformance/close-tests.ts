import { expect, it } from 'vitest'
import type { DriverBench } from './driver-bench.ts'

/** Leaving: bounded in time, and for good. */
export function closeTests(bench: () => DriverBench): void {
  it('leaves the group at once when it is closed: others need not wait for the session to expire', async () => {
    const topic = await bench().topic()
    const group = bench().name('group')
    const first = bench().join(group, [topic], { sessionTimeoutMs: 30_000, maxWaitMs: 20_000 })
    await first.listener.first('assigned')
    await first.close()
    await first.consumer.close()
    expect(first.consumer.status().state).toBe('closed')
    const second = bench().join(group, [topic])
    await second.listener.first('assigned')
  })

  it('closes while it is still joining', async () => {
    const topic = await bench().topic()
    const member = bench().join(bench().name('group'), [topic])
    await member.close()
    expect(member.consumer.status().state).toBe('closed')
    await Promise.allSettled([member.consumer.joined])
  })

  it('closes while partitions are being given up', async () => {
    const topic = await bench().topic(2)
    const group = bench().name('group')
    const first = bench().join(group, [topic], {
      prepare: (listener) => {
        listener.beforeRevoked = (_, signal) =>
          new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
      },
    })
    await first.listener.until('both partitions', () => first.listener.owned().length === 2)
    const second = bench().join(group, [topic])
    await first.listener.first('revoking', { timeoutMs: 20_000 })
    await first.close()
    await second.listener.until('both partitions', () => second.listener.owned().length === 2, { timeoutMs: 20_000 })
  })

  it('closes all that the driver has made, twice without harm', async () => {
    const topic = await bench().topic()
    const group = bench().name('group')
    const member = bench().join(group, [topic])
    const producer = member.driver.createProducer({ clientId: 'to be closed' })
    await producer.partitionCount(topic)
    await member.listener.first('assigned')
    member.listener.leaving()
    await Promise.all([member.driver.close(), member.driver.close()])
    member.listener.left()
    expect(member.consumer.status().state).toBe('closed')
    await expect(producer.append({ topic, partition: 0 }, [], { timeoutMs: 1_000 })).rejects.toMatchObject({
      code: 'BUS_CLOSED',
    })
    await bench().append(topic, 0, 'nobody listens')
    await bench().join(group, [topic]).listener.first('assigned')
  })
}
