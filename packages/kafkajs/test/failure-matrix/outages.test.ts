import { fixed } from '@tributary/event-bus'
import { expect, it, vi } from 'vitest'
import { world } from './world.ts'

const onFailure = { inPlace: { attempts: 3, backoff: fixed(20) }, outage: { probe: fixed(200), releasePerSecond: 200 } }

it('a database that is away costs no dead letter, and work goes on soon after it is back', async () => {
  const w = await world()
  let isUp = true
  const subscription = await w.member(
    async (event) => {
      await new Promise(setImmediate)
      if (event.data.n === 150) throw new Error('no such product')
      if (!isUp) throw new Error('connect ECONNREFUSED')
    },
    { onFailure },
  )
  await w.publish(100, { keys: 20 })
  await vi.waitFor(() => expect(w.handled).toHaveLength(100), { timeout: 5_000 })
  isUp = false
  await w.publish(200, { keys: 200, from: 100 })
  await vi.waitFor(() => expect(subscription.health().outages).toMatchObject([{ eventType: 'order.placed' }]), {
    timeout: 5_000,
  })
  expect(w.deadLetters()).toEqual([])
  isUp = true
  await w.settled()
  expect(w.handled).toHaveLength(299)
  expect(w.deadLetters().map(({ reason }) => reason)).toEqual(['attempts-exhausted'])
  expect(subscription.health().outages).toEqual([])
})
