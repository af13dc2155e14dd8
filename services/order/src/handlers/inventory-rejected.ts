import { type InventoryRejected, inventoryRejected } from '@tributary/contracts'
import { handle } from '@tributary/event-bus'
import { decide, type HandlerDependencies } from './decide.ts'

/** Something is short: the order is rejected as a whole. */
export const onInventoryRejected = (dependencies: HandlerDependencies) =>
  handle(inventoryRejected, (event, ctx) =>
    decide(dependencies, event, ctx, { status: 'rejected', reason: reasonFrom(event.data) }),
  )

const MOST_NAMED = 3

/** For the customer: the first few things that are short, and how many more. */
export function reasonFrom({ shortages }: Pick<InventoryRejected, 'shortages'>): string {
  const named = shortages
    .slice(0, MOST_NAMED)
    .map(({ sku, wanted, available }) => `${sku} (${available} of ${wanted} left)`)
  const more = shortages.length - named.length
  return `not in stock: ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
}
