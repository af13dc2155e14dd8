import { defineEvent, defineSubscription, fixed, handle } from '@tributary/event-bus'
import { published, type SimulatedService, SimulationFailedError, simulate } from '@tributary/testing/simulation'
import { expect, it } from 'vitest'

const fields = [{ name: 'customer', type: 'string' }] as const
const orderPlaced = defineEvent({
  type: 'order.placed',
  topic: 'orders',
  key: ({ customer }) => customer,
  schema: { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields },
})

/** Bills each order, in a database that all processes share. */
function billing({ hasInbox }: { readonly hasInbox: boolean }): SimulatedService {
  const bills: string[] = []
  return {
    subscription: ({ clock }) =>
      defineSubscription({
        group: 'billing',
        onFailure: { inPlace: { attempts: 3, backoff: fixed(20) } },
        on: [
          handle(orderPlaced, async ({ id }, { throwIfFenced }) => {
            await new Promise<void>((resolve) => clock.setTimer(resolve, 5))
            throwIfFenced()
            if (!hasInbox || !bills.includes(id)) bills.push(id)
          }),
        ],
      }),
    event: (random) => published(orderPlaced, { customer: `c${random.between(1, 4)}` }),
    check: () => {
      const twice = bills.find((id, index) => bills.indexOf(id) !== index)
      if (twice !== undefined) throw new Error(`${twice} was billed twice`)
    },
  }
}

it('runs a service through histories in which everything goes wrong', { timeout: 120_000 }, async () => {
  const { seeds, handled } = await simulate(() => billing({ hasInbox: true }), { seeds: 40 })
  expect(seeds).toBe(40)
  expect(handled).toBeGreaterThan(400)
})

it('tells the shortest history found in which the service breaks its promise', { timeout: 120_000 }, async () => {
  const failure = await simulate(() => billing({ hasInbox: false }), { seeds: 40 }).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(SimulationFailedError)
  const { invariant, story, message } = failure as SimulationFailedError
  expect(invariant).toBe('check')
  expect(story.at(-1)).toMatch(/✗ check: event-\d+ was billed twice/)
  expect(message).toContain('orders/')
  // What has nothing to do with it was left out.
  expect(story.filter((line) => line.includes('gets offset'))).toHaveLength(1)
})
