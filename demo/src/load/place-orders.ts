import type { SourceOrder } from '../orders/source-order.ts'

/** What the order service said to one order. */
export type Placement =
  | { readonly kind: 'accepted'; readonly order: SourceOrder; readonly placedAtMs: number; readonly statusUrl: string }
  | { readonly kind: 'refused'; readonly order: SourceOrder; readonly status: number; readonly title: string }

export interface PlaceOptions {
  /** How many requests are under way at once. */
  readonly concurrency: number
  /** Base address of the order service, asked for each request: a restart may change it. */
  readonly url: () => string
  /** Called after each answer; awaited, so it may hold the line (sequential play, staged faults). */
  readonly onPlaced: (placement: Placement, index: number) => Promise<void> | void
  readonly signal: AbortSignal
}

/** Longer than any fault of the demo keeps the order service away. */
const giveUpAfterMs = 60_000

/** Places orders over HTTP, in order, `concurrency` at a time. A connection that fails is tried again: an order id makes that safe. */
export async function placeOrders(orders: readonly SourceOrder[], options: PlaceOptions): Promise<Placement[]> {
  const placements: Placement[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < orders.length && !options.signal.aborted; index = next++) {
      const order = orders[index]
      if (order === undefined) return
      const placement = await placeOrder(order, options)
      placements[index] = placement
      await options.onPlaced(placement, index)
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, worker))
  return placements
}

async function placeOrder(order: SourceOrder, { url, signal }: PlaceOptions): Promise<Placement> {
  const placedAtMs = Date.now()
  for (;;) {
    try {
      const response = await fetch(`${url()}/orders`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(order),
        signal,
      })
      if (response.status === 202) {
        await response.body?.cancel()
        return {
          kind: 'accepted',
          order,
          placedAtMs,
          statusUrl: response.headers.get('location') ?? `/orders/${order.orderId}`,
        }
      }
      if (response.status < 500) {
        const problem = (await response.json()) as { title?: string }
        return { kind: 'refused', order, status: response.status, title: problem.title ?? 'no title' }
      }
      await response.body?.cancel()
      throw new Error(`order service answered ${response.status}`)
    } catch (error) {
      if (signal.aborted || Date.now() - placedAtMs > giveUpAfterMs) throw error
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }
}
