/** A process that has nothing to do does nothing, and prints no warnings. */
import { expect, it, vi } from 'vitest'
import { join } from './members.ts'
import { record, stage } from './stage.ts'

it('sets hardly any timers, and none of a negative time, while it is idle', async () => {
  const { kafka, driver } = await stage()
  kafka.createTopic('orders')
  const member = join(driver, 'orders', { heartbeatIntervalMs: 200 })
  await driver
    .createProducer({ clientId: 'p' })
    .append({ topic: 'orders', partition: 0 }, [record('a')], { timeoutMs: 5_000 })
  await member.until(() => member.values().length === 1)
  const timers = vi.spyOn(globalThis, 'setTimeout')
  await new Promise((resolve) => setTimeout(resolve, 500))
  const delays = timers.mock.calls.map(([, delayMs]) => delayMs ?? 0)
  timers.mockRestore()
  expect(delays.filter((delayMs) => delayMs < 0)).toEqual([])
  expect(delays.length).toBeLessThan(20)
})
