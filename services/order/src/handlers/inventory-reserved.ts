import { inventoryReserved } from '@tributary/contracts'
import { handle } from '@tributary/event-bus'
import { decide, type HandlerDependencies } from './decide.ts'

/** Everything is reserved: the order is confirmed. */
export const onInventoryReserved = (dependencies: HandlerDependencies) =>
  handle(inventoryReserved, (event, ctx) => decide(dependencies, event, ctx, { status: 'confirmed', reason: null }))
