import { defineEvent, defineSubscription, handle } from '@tributary/event-bus'
import { published, type SimulatedService, simulate } from '@tributary/testing/simulation'

const fields = [{ name: 'orderId', type: 'string' }] as const
const schema = { type: 'record', name: 'OrderPlaced', namespace: 'shop', fields } as const
const orderPlaced = defineEvent({ type: 'order.placed', topic: 'orders', key: (order) => order.orderId, schema })

/** Bills orders into a table that all processes of the group share; made anew for each history. */
function billing(isCareful: boolean): SimulatedService {
  const bills: string[] = []
  return {
    subscription: ({ clock }) => {
      const bill = handle(orderPlaced, async ({ id }, ctx) => {
        await new Promise<void>((resolve) => clock.setTimer(resolve, 10))
        ctx.throwIfFenced()
        if (isCareful && bills.includes(id)) return
        bills.push(id)
      })
      return defineSubscription({ group: 'billing', on: [bill] })
    },
    event: (random) => published(orderPlaced, { orderId: `order-${random.between(1, 5)}` }),
    check: () => {
      if (new Set(bills).size < bills.length) throw new Error('an order was billed twice')
    },
  }
}

const { seeds } = await simulate(() => billing(true), { seeds: 50 })
console.log(`with a look at what is billed already: ${seeds} histories, and no order was billed twice`)

const failure = await simulate(() => billing(false), { seeds: 50 }).catch((error: Error) => error)
console.log(`without: ${failure instanceof Error ? failure.message.split('\n').at(-1)?.trim() : 'nothing found'}`)
