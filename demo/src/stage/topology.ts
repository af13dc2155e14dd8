import { inventoryRejected, inventoryReserved, orderConfirmed, orderPlaced, orderRejected } from '@tributary/contracts'
import { defineSubscription, handle } from '@tributary/event-bus'

export const events = [orderPlaced, orderConfirmed, orderRejected, inventoryReserved, inventoryRejected]

/** Only what topics depend on: which group reads which events. What they do with them is the services' own. */
export const subscriptions = [
  defineSubscription({ group: 'inventory', on: [handle(orderPlaced, () => {})] }),
  defineSubscription({
    group: 'order',
    on: [handle(inventoryReserved, () => {}), handle(inventoryRejected, () => {})],
  }),
  defineSubscription({ group: 'email', on: [handle(orderConfirmed, () => {}), handle(orderRejected, () => {})] }),
]

/** Source topics, and the groups that read each. */
export const readers: ReadonlyMap<string, readonly string[]> = new Map([
  [orderPlaced.topic, ['inventory', 'email']],
  [inventoryReserved.topic, ['order']],
])

/** The groups that handle a type of event. */
export const handlersOf = (type: string): string[] =>
  subscriptions.filter(({ on }) => on.some(({ event }) => event.type === type)).map(({ group }) => group)
