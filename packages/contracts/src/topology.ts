/** Who reads what in the shop: all that its topics depend on, as `tributary topics ensure --module` reads it. What the groups do with events is the services' own. */
import { defineSubscription, handle } from '@tributary/event-bus'
import { inventoryRejected } from './events/inventory-rejected.ts'
import { inventoryReserved } from './events/inventory-reserved.ts'
import { orderConfirmed } from './events/order-confirmed.ts'
import { orderPlaced } from './events/order-placed.ts'
import { orderRejected } from './events/order-rejected.ts'

export const shopEvents = [orderPlaced, orderConfirmed, orderRejected, inventoryReserved, inventoryRejected]

const reads = (event: (typeof shopEvents)[number]) => handle(event, () => {})

export const shopSubscriptions = [
  defineSubscription({ group: 'inventory', on: [reads(orderPlaced)] }),
  defineSubscription({ group: 'order', on: [reads(inventoryReserved), reads(inventoryRejected)] }),
  defineSubscription({ group: 'email', on: [reads(orderConfirmed), reads(orderRejected)] }),
]
